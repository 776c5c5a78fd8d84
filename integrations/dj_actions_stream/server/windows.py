"""The newest activities of a feed, which groups and ranks are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.models import Activity, FeedEntry

# Stream's documented number of activities of a feed that can be read.
MAX_READABLE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An activity in a feed.

    Attributes:
        number: grows with each insertion into any feed; that of the latest for this activity.
        origin: the followed feed that the activity was copied from, or empty.
    """

    activity: Activity
    number: int
    origin: str


# Returns the documents of activities, in the order given.
Render = Callable[[Sequence[Entry]], Sequence[dict[str, Any]]]


def newest_entries(feed: FeedId) -> list[Entry]:
    """Return the newest activities of a feed, each once, newest first."""
    rows = FeedEntry.objects.filter(feed=str(feed)).select_related("activity")
    entries: dict[UUID, Entry] = {}
    for entry in _entries(rows.order_by("-activity__time", "-activity_id")[:MAX_READABLE]):
        known = entries.get(entry.activity.id)
        if known is None or known.number < entry.number:
            entries[entry.activity.id] = entry
    return list(entries.values())


def _entries(rows: object) -> Iterator[Entry]:
    for row in rows:  # type: ignore[attr-defined]
        yield Entry(activity=row.activity, number=row.pk, origin="")
