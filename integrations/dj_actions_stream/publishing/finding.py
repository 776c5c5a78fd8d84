"""Find out whether activities are in their feeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from dj_actions_stream.effects import Effect
from dj_actions_stream.feed_ids import FeedId


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Where an activity is missing."""

    effect: Effect

    missing_from: tuple[FeedId, ...] = ()
    """Feeds that do not have it."""

    unknown_in: tuple[FeedId, ...] = ()
    """Feeds that cannot be read that far, or that show only a part of their activities."""


class ActivityFinder(Protocol):
    """Finds activities at a destination, and changes nothing there."""

    def find(self, effects: Sequence[Effect]) -> Iterator[Finding]:
        """Yield a finding for each effect that adds an activity, in their order.

        It is called with the newest ones first.

        Raises:
            PublishError: the destination did not respond, or responded with an error.
        """


def feeds_of(effect: Effect) -> Iterable[FeedId]:
    """Return the feeds that have an activity, with those of its copies."""
    return dict.fromkeys((*effect.feeds, *effect.to))
