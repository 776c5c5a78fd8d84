"""Which groups of a notification feed are seen and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.db import router, transaction

from dj_actions_stream.server.entities.marks import Mark
from dj_actions_stream.server.identity import parse_id
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.reading.grouping import ActivityGroup

WHOLE_FEED = ""
# The parameters of a request, and the columns that they write.
COLUMNS: Mapping[str, str] = {"mark_seen": "seen_up_to", "mark_read": "read_up_to"}


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of a notification feed."""

    by_group: Mapping[str, Mark]

    @classmethod
    def of(cls, feed: FeedId) -> Self:
        """Return the marks of a feed."""
        return cls({mark.group: mark for mark in Mark.objects.filter(feed=str(feed))})

    def is_seen(self, group: ActivityGroup) -> bool:
        """Return whether every activity of the group was seen."""
        return self._reaches(group, "seen_up_to")

    def is_read(self, group: ActivityGroup) -> bool:
        """Return whether every activity of the group was read."""
        return self._reaches(group, "read_up_to")

    def _reaches(self, group: ActivityGroup, column: str) -> bool:
        marks = (self.by_group.get(name) for name in (WHOLE_FEED, group.key))
        return any(mark and getattr(mark, column) >= group.number for mark in marks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """The groups that a request marks: all, those on its page, or those with one of the ids."""

    is_all: bool = False
    is_current: bool = False
    ids: frozenset[UUID] = frozenset()

    @classmethod
    def parse(cls, value: str) -> Self:
        """Return the selection in a parameter: `true`, `current`, or ids separated by commas.

        Raises:
            InputError: the value is something else.
        """
        word = value.strip().lower()
        if word in ("", "false"):
            return cls()
        if word in ("true", "current"):
            return cls(is_all=word == "true", is_current=word == "current")
        return cls(ids=frozenset(parse_id(item.strip()) for item in value.split(",")))

    def of(
        self, groups: Sequence[ActivityGroup], page: Sequence[ActivityGroup]
    ) -> list[ActivityGroup]:
        """Return the groups that are selected by their place or an id of their activities."""
        if self.is_current:
            return list(page)
        return [group for group in groups if self.ids & _ids(group)]


def selections(parameters: Mapping[str, str]) -> dict[str, Selection]:
    """Return what the parameters of a request select, by the column to write."""
    return {
        column: Selection.parse(parameters[name])
        for name, column in COLUMNS.items()
        if name in parameters
    }


def mark(
    feed: FeedId,
    selected: Mapping[str, Selection],
    groups: Sequence[ActivityGroup],
    page: Sequence[ActivityGroup],
) -> None:
    """Mark groups of a feed as seen or read, up to the activities that were read with them."""
    with transaction.atomic(using=router.db_for_write(Mark)):
        for column, selection in selected.items():
            if selection.is_all and groups:
                numbers = {WHOLE_FEED: max(group.number for group in groups)}
            else:
                numbers = {group.key: group.number for group in selection.of(groups, page)}
            _write(feed, column, numbers)
        _delete_superseded(feed)


def _write(feed: FeedId, column: str, numbers: Mapping[str, int]) -> None:
    Mark.objects.bulk_create(
        # In one order for all requests, so that they do not deadlock.
        [Mark(feed=str(feed), group=key, **{column: numbers[key]}) for key in sorted(numbers)],
        update_conflicts=True,
        unique_fields=["feed", "group"],
        update_fields=[column],
    )


def _delete_superseded(feed: FeedId) -> None:
    """Delete the marks of groups that do not reach further than that of the whole feed."""
    whole = Mark.objects.filter(feed=str(feed), group=WHOLE_FEED).first()
    if whole is not None:
        Mark.objects.filter(
            feed=str(feed), seen_up_to__lte=whole.seen_up_to, read_up_to__lte=whole.read_up_to
        ).exclude(group=WHOLE_FEED).delete()


def _ids(group: ActivityGroup) -> set[UUID]:
    return {entry.activity.id for entry in group.entries}
