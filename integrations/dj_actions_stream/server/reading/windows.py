"""The newest activities of a feed, which groups and ranks are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Min

from dj_actions_stream.server.models import Activity, FeedEntry
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.reading.pagination import ShownActivity

# Stream's documented number of activities of a feed that can be read.
MAX_READABLE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry(ShownActivity):
    """An activity in a feed, with a number that grows with each insertion into any feed."""

    number: int


# Returns the documents of activities, in the order given.
Render = Callable[[Sequence[ShownActivity]], Sequence[dict[str, Any]]]


def newest_entries(feed: FeedId) -> list[Entry]:
    """Return the newest activities of a feed, each once, newest first."""
    grouped = FeedEntry.objects.in_feed(feed).values("time", "activity_id")
    rows = grouped.annotate(first_origin=Min("origin"), number=Max("id"))
    newest = rows.order_by("-time", "-activity_id")[:MAX_READABLE]
    found = {row["activity_id"]: row for row in newest}
    activities = Activity.objects.in_bulk(list(found))
    # An activity may have been removed in between.
    return [
        Entry(activity=activities[pk], origin=row["first_origin"], number=row["number"])
        for pk, row in found.items()
        if pk in activities
    ]
