"""Everything that happened to one object, in one line of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import router
from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext

from dj_actions.console.screens.delivery_entries import delivery_entries
from dj_actions.console.screens.entries import Entry
from dj_actions.console.screens.timeline import (
    MAX_CHILDREN,
    MAX_OPERATIONS,
    action_entry,
    child_entry,
    in_order,
    operation_entry,
)
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import ActionEventQuerySet

MAX_EVENTS = 20
"""Actions on one page: each has several entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectHistory:
    """What happened to an object: its latest actions, or earlier ones, and what they set off."""

    entries: Sequence[Entry]
    earlier: UUID | None
    """The event that the page of earlier actions begins before; None if there are none."""


def object_history(resource: str, object_id: str, *, before: UUID | None) -> ObjectHistory:
    """Read the actions on an object and all that they set off.

    Args:
        resource: the resource of the object, such as `todo`.
        object_id: its id.
        before: only actions before this event; None for the latest ones.
    """
    events = ActionEvent.objects.using(router.db_for_write(ActionEvent))
    about = events.matching(resource=resource, object=object_id)
    rows = about.page_before(before, size=MAX_EVENTS + 1)
    shown = rows[:MAX_EVENTS]
    deliveries = Delivery.objects.using(events.db).order_by("pk")
    prefetch_related_objects(shown, Prefetch("deliveries", queryset=deliveries))
    entries = [entry for event in shown for entry in _entries_of(event, shown)]
    entries += _consequences(events, shown)
    # Ids sort by time: they decide where clocks are too coarse.
    entries.sort(key=lambda entry: str(entry.event_id))
    return ObjectHistory(
        entries=in_order(entries),
        earlier=shown[-1].pk if len(rows) > MAX_EVENTS else None,
    )


def _entries_of(event: ActionEvent, shown: Sequence[ActionEvent]) -> Iterator[Entry]:
    """Yield the action and its deliveries; each entry leads to the timeline of the event."""
    ran = action_entry(event)
    yield replace(ran, detail="\n".join(filter(None, (event.summary, _cause(event, shown)))),
                  event_id=event.pk)  # fmt: skip
    for delivery in event.deliveries.all():
        for entry in delivery_entries(delivery):
            yield replace(entry, event_id=event.pk, action=event.action)


def _cause(event: ActionEvent, shown: Sequence[ActionEvent]) -> str:
    """Return how the action ended, and which other action on the object led to it."""
    ended = action_entry(event).detail
    parent = next((other for other in shown if other.pk == event.parent_id), None)
    return f"{ended}, {gettext('because of %s') % parent.label}" if parent else ended


def _consequences(events: ActionEventQuerySet, shown: Sequence[ActionEvent]) -> Iterator[Entry]:
    """Yield what the actions led to on other objects, and what operators did with deliveries."""
    ids = [event.pk for event in shown]
    children = events.filter(parent__in=ids).exclude(pk__in=ids)
    yield from map(child_entry, children.page_before(None, size=MAX_CHILDREN))
    keys = [delivery.pk for event in shown for delivery in event.deliveries.all()]
    yield from map(operation_entry, events.operations_on(keys)[:MAX_OPERATIONS])
