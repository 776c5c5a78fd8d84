"""The entries of a feed, with the events that they came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import router

from dj_actions.models import ActionEvent
from dj_actions_stream.feeds.values import ActivityGroup, Entry, FeedActivity, FeedPage

MAX_SHOWN = 20_000
"""Characters of the JSON of one activity that a page shows."""

Labels = Mapping[UUID, str]
"""Id of an event that is recorded → its action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEntry:
    """An activity, or a group of them, as it is shown."""

    entry: Entry

    event_id: UUID | None = None
    """The event that the activity came from; None if it is not recorded, or not ours."""

    event_label: str = ""
    """The action of that event."""

    json: str = ""
    """All fields of the activity; empty for a group."""

    is_cut: bool = False

    entries: tuple[ShownEntry, ...] = ()
    """The newest activities of a group."""


def entries_of(page: FeedPage) -> tuple[ShownEntry, ...]:
    """Return the entries of a page, newest first; their events are read with one query."""
    wanted = {activity.event_id for activity in _activities(page) if activity.event_id}
    labels = _labels(wanted) if wanted else {}
    return tuple(_shown(entry, labels) for entry in page.entries)


def _labels(ids: set[UUID]) -> Labels:
    events = ActionEvent.objects.using(router.db_for_write(ActionEvent)).filter(pk__in=ids)
    rows = events.values_list("pk", "resource", "action")
    return {pk: f"{resource}.{action}" for pk, resource, action in rows}


def _shown(entry: Entry, labels: Labels) -> ShownEntry:
    if isinstance(entry, ActivityGroup):
        shown = tuple(_shown(activity, labels) for activity in entry.activities)
        return ShownEntry(entry=entry, entries=shown)
    text = _as_json(entry.data)
    label = labels.get(entry.event_id, "") if entry.event_id else ""
    return ShownEntry(
        entry=entry,
        event_id=entry.event_id if label else None,
        event_label=label,
        json=text[:MAX_SHOWN],
        is_cut=len(text) > MAX_SHOWN,
    )


def _as_json(data: Mapping[str, Any]) -> str:
    """Return the fields as JSON that a page can contain: a lone surrogate cannot be encoded."""
    text = json.dumps(dict(data), indent=2, ensure_ascii=False, default=str)
    return text.encode(errors="replace").decode()


def _activities(page: FeedPage) -> Iterator[FeedActivity]:
    yield from page.activities
    for group in page.groups:
        yield from group.activities
