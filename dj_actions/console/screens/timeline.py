"""Everything that an action set off, in one line of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from django.db import router
from django.utils.translation import gettext, ngettext

from dj_actions.console.screens.batches import BatchResult, batch_result
from dj_actions.console.screens.delivery_entries import delivery_entries
from dj_actions.console.screens.entries import Entry, EntryKind, database_of, moment_of
from dj_actions.console.screens.status import (
    FAILED,
    SUCCEEDED,
    Status,
    Tone,
)
from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations.delivery_changes import CHANGES
from dj_actions.outbox.queries import ActionEventQuerySet
from dj_actions.publishers.offers import recorded_resources

RECORDED = Status(word="", symbol="●", tone=Tone.NEUTRAL)

MAX_CHILDREN = 100
MAX_OPERATIONS = 100
"""Entries of one kind on a timeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """An event, its deliveries, and everything that happened to them."""

    event: ActionEvent
    parent: ActionEvent | None
    deliveries: Sequence[Delivery]
    entries: Sequence[Entry]
    progress: Mapping[str, int]
    """Of an operator's act on deliveries: state → how many of them are in it now."""

    batch: BatchResult | None
    """Of an operation that a publisher offers: what came of it."""


def timeline(event_id: UUID) -> Timeline:
    """Read an event and all that it set off.

    Raises:
        ActionEvent.DoesNotExist: there is no such event.
    """
    events = ActionEvent.objects.using(router.db_for_write(ActionEvent))
    event = events.get(pk=event_id)
    deliveries = list(event.deliveries.order_by("pk"))
    children = events.filter(parent=event_id).page_before(None, size=MAX_CHILDREN)
    operations = _operations(events, [delivery.pk for delivery in deliveries])
    entries = [action_entry(event), *_commit(event, deliveries)]
    for delivery in deliveries:
        entries += delivery_entries(delivery)
    entries += map(child_entry, children)
    entries += map(operation_entry, operations)
    return Timeline(
        event=event,
        parent=events.filter(pk=event.parent_id).first() if event.parent_id else None,
        deliveries=deliveries,
        entries=in_order(entries),
        progress=_progress(event),
        batch=batch_result(event),
    )


def _operations(events: ActionEventQuerySet, keys: Sequence[int]) -> list[ActionEvent]:
    """Return the acts of operators on deliveries, and on what these have started."""
    found = list(events.operations_on(keys)[:MAX_OPERATIONS])
    resources = recorded_resources() - {"delivery"}
    if keys and resources:
        found += events.about_any([str(key) for key in keys], resources)[:MAX_OPERATIONS]
    return found


def _progress(event: ActionEvent) -> Mapping[str, int]:
    """Count the deliveries of an operator's act by their present state."""
    data = event.request_data if isinstance(event.request_data, dict) else {}
    changed = data.get("deliveries")
    if event.resource != "delivery" or not isinstance(changed, list):
        return {}
    rows = Delivery.objects.using(database_of(event)).matching(ids=changed)
    column = "state" if event.action in CHANGES else "remote_state"
    # Not the counter itself: a template would ask it for the key "items".
    return dict(Counter(rows.order_by().values_list(column, flat=True)))


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries by time, each with the time since the one before."""
    ordered = sorted(entries, key=lambda entry: entry.at)
    return ordered[:1] + [
        _after(entry, since=entry.at - before.at) for before, entry in pairwise(ordered)
    ]


def _after(entry: Entry, *, since: timedelta) -> Entry:
    return replace(entry, since_previous=since)


def action_entry(event: ActionEvent) -> Entry:
    """Return the run of the action: it began before it was recorded."""
    recorded_at = moment_of(event, event.created_at)
    actor = event.actor_label or event.actor_id or gettext("the system")
    return Entry(
        at=recorded_at - timedelta(milliseconds=event.duration_ms),
        kind=EntryKind.ACTION,
        status=SUCCEEDED if event.succeeded else FAILED,
        title=gettext("%(actor)s ran %(action)s") % {"actor": actor, "action": event.label},
        detail=gettext("status %(status)d in %(duration).1f ms")
        % {"status": event.status_code, "duration": event.duration_ms},
    )


def _commit(event: ActionEvent, deliveries: Sequence[Delivery]) -> Iterator[Entry]:
    if not event.succeeded:
        yield Entry(
            at=moment_of(event, event.created_at),
            kind=EntryKind.COMMIT,
            status=RECORDED,
            title=gettext("Everything was rolled back; only the failure was recorded"),
        )
        return
    count = len(deliveries)
    yield Entry(
        at=moment_of(event, event.created_at),
        kind=EntryKind.COMMIT,
        status=RECORDED,
        title=ngettext(
            "Committed, with %(count)d delivery in the same transaction",
            "Committed, with %(count)d deliveries in the same transaction",
            count,
        )
        % {"count": count},
    )


def child_entry(event: ActionEvent) -> Entry:
    """Return an action that another one has led to."""
    return Entry(
        at=moment_of(event, event.created_at),
        kind=EntryKind.CHILD,
        status=SUCCEEDED if event.succeeded else FAILED,
        title=gettext("It led to %(action)s on %(object)s")
        % {"action": event.label, "object": event.object_id or len(event.object_ids)},
        detail=event.summary,
        event_id=event.pk,
    )


def operation_entry(event: ActionEvent) -> Entry:
    """Return what an operator did with deliveries, and why."""
    data = event.request_data if isinstance(event.request_data, dict) else {}
    return Entry(
        at=moment_of(event, event.created_at),
        kind=EntryKind.OPERATION,
        status=RECORDED if event.succeeded else FAILED,
        title=gettext("%(actor)s ran %(operation)s")
        % {"actor": event.actor_label or gettext("the system"), "operation": event.label},
        detail=event.summary or str(data.get("reason", "")),
        event_id=event.pk,
    )
