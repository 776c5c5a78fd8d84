"""The newest reactions to activities and to reactions, read off an index whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from dj_actions_stream.server.entities.reactions import Reaction, ReactionCount

# SQLite limits the depth of an expression, and PostgreSQL takes long to plan a large one.
MAX_RANGES = 200


def newest_of_activities(
    activity_ids: Collection[UUID], *, kinds: Collection[str], limit: int
) -> list[Reaction]:
    """Return at most `limit` reactions of each kind to each activity, the newest first.

    Args:
        activity_ids: The activities.
        kinds: The kinds to return, or empty for all.
        limit: The most reactions of each kind.
    """
    counts = ReactionCount.objects.filter(target__in=activity_ids, count__gt=0)
    if kinds:
        counts = counts.filter(kind__in=kinds)
    group = {"activity_id": OuterRef("target"), "kind": OuterRef("kind"), "parent": None}
    rows = counts.values_list("target", "kind", _time_of(limit, **group))
    ranges = [
        Q(activity_id=activity_id, kind=kind, parent=None) & _since(oldest)
        for activity_id, kind, oldest in rows
    ]
    return list(_newest(ranges, lambda found: (found.activity_id, found.kind), limit))


def newest_children(parents: Collection[UUID], *, limit: int) -> list[Reaction]:
    """Return at most `limit` reactions to each reaction, the newest first."""
    reactions = Reaction.objects.filter(pk__in=parents)
    rows = reactions.values_list("pk", _time_of(limit, parent=OuterRef("pk")))
    ranges = [Q(parent=pk) & _since(oldest) for pk, oldest in rows]
    return list(_newest(ranges, lambda found: found.parent_id, limit))


def _time_of(number: int, **group: Any) -> Subquery:
    """Return the time of the `number`-th newest reaction of a group, None if there are fewer."""
    reactions = Reaction.objects.existing().filter(**group).newest_first()
    return Subquery(reactions.values("created_at")[number - 1 : number])


def _since(oldest: datetime | None) -> Q:
    return Q() if oldest is None else Q(created_at__gte=oldest)


def _newest(
    ranges: Sequence[Q], group_of: Callable[[Reaction], Hashable], limit: int
) -> Iterator[Reaction]:
    for start in range(0, len(ranges), MAX_RANGES):
        within = reduce(or_, ranges[start : start + MAX_RANGES])
        numbers: Counter[Hashable] = Counter()
        for reaction in Reaction.objects.existing().filter(within).newest_first():
            # Several reactions may have the time of the oldest one.
            numbers[group_of(reaction)] += 1
            if numbers[group_of(reaction)] <= limit:
                yield reaction
