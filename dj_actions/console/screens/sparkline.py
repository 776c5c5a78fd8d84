"""The last 24 hours of a publisher as a picture in a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.translation import gettext

from dj_actions.outbox.queries import PERIODS, RecentCounts

HEIGHT = 20
"""Units of the picture; the highest bar has this height."""

BAR_WIDTH = 2
"""Units from one bar to the next; half of it is the bar."""

MIN_HEIGHT = 1
"""Units of a bar that is not empty: one of a thousand deliveries must be seen, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The bar of half an hour: failed attempts, on top of what was delivered."""

    x: int
    delivered: int
    """Height of what was delivered."""

    failed: int
    """Height of the failed attempts."""

    @property
    def delivered_y(self) -> int:
        """Top of what was delivered."""
        return HEIGHT - self.delivered

    @property
    def failed_y(self) -> int:
        """Top of the failed attempts."""
        return HEIGHT - self.delivered - self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """A picture with a bar for each half hour, and the same in words."""

    bars: Sequence[Bar]
    """Those that are not empty."""

    text: str
    width: int = PERIODS * BAR_WIDTH
    height: int = HEIGHT

    @classmethod
    def of(cls, recent: RecentCounts) -> Self:
        """Return the picture of the last 24 hours."""
        highest = max((sum(counts) for counts in recent.periods), default=0)
        bars = []
        for number, counts in enumerate(recent.periods):
            if any(counts):
                failed = _height(counts.failed, highest)
                delivered = min(_height(counts.delivered, highest), HEIGHT - failed)
                bars.append(Bar(x=number * BAR_WIDTH, delivered=delivered, failed=failed))
        return cls(bars=bars, text=_text(recent, highest))


def _height(count: int, highest: int) -> int:
    return max(MIN_HEIGHT, round(count / highest * HEIGHT)) if count else 0


def _text(recent: RecentCounts, highest: int) -> str:
    if not highest:
        return gettext("24 hours: nothing was sent.")
    text = gettext(
        "24 hours: %(delivered)d delivered, %(failed)d attempts failed; at most %(highest)d "
        "together in half an hour."
    )
    values = {"delivered": recent.delivered, "failed": recent.failed, "highest": highest}
    return text % values
