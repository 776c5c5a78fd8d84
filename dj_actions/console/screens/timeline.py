"""Everything that an action set off, in one line of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import router
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext, ngettext

from dj_actions.console.screens.status import (
    FAILED,
    RETRYING,
    SUCCEEDED,
    Status,
    Tone,
    delivery_status,
    remote_status,
)
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.times import aware
from dj_actions.states import DeliveryState, RemoteState

RECORDED = Status(word="", symbol="●", tone=Tone.NEUTRAL)

MAX_CHILDREN = 100
MAX_OPERATIONS = 100
"""Entries of one kind on a timeline."""


class EntryKind(StrEnum):
    """What an entry of the timeline is about."""

    ACTION = "action"
    COMMIT = "commit"
    ATTEMPT = "attempt"
    RECEIPT = "receipt"
    WAITING = "waiting"
    SETTLED = "settled"
    RUN = "run"
    CHILD = "child"
    OPERATION = "operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a timeline."""

    at: datetime
    kind: EntryKind
    status: Status
    title: str
    detail: str = ""
    """One or more lines of text: an error, a reason."""

    publisher: str = ""
    url: str = ""
    """A page at the destination; only http and https."""

    url_text: str = ""
    event_id: UUID | None = None
    """Another event, to link to."""

    since_previous: timedelta = field(default_factory=timedelta)
    """Time since the entry before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """An event, its deliveries, and everything that happened to them."""

    event: ActionEvent
    parent: ActionEvent | None
    deliveries: Sequence[Delivery]
    entries: Sequence[Entry]
    progress: Mapping[str, int]
    """Of an operator's act on deliveries: state → how many of them are in it now."""


def timeline(event_id: UUID) -> Timeline:
    """Read an event and all that it set off.

    Raises:
        ActionEvent.DoesNotExist: there is no such event.
    """
    events = ActionEvent.objects.using(router.db_for_write(ActionEvent))
    event = events.get(pk=event_id)
    deliveries = list(event.deliveries.order_by("pk"))
    children = events.filter(parent=event_id).page_before(None, size=MAX_CHILDREN)
    operations = list(
        events.operations_on([delivery.pk for delivery in deliveries])[:MAX_OPERATIONS]
    )
    entries = [*_action(event), *_commit(event, deliveries)]
    for delivery in deliveries:
        entries += _delivery(delivery)
    entries += map(_child, children)
    entries += map(_operation, operations)
    return Timeline(
        event=event,
        parent=events.filter(pk=event.parent_id).first() if event.parent_id else None,
        deliveries=deliveries,
        entries=_in_order(entries),
        progress=_progress(event),
    )


def _progress(event: ActionEvent) -> Mapping[str, int]:
    """Count the deliveries of an operator's act by their present state."""
    data = event.request_data if isinstance(event.request_data, dict) else {}
    changed = data.get("deliveries")
    if event.resource != "delivery" or not isinstance(changed, list):
        return {}
    rows = Delivery.objects.using(_db(event)).matching(ids=changed)
    # Not the counter itself: a template would ask it for the key "items".
    return dict(Counter(rows.order_by().values_list("state", flat=True)))


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries by time, each with the time since the one before."""
    ordered = sorted(entries, key=lambda entry: entry.at)
    return ordered[:1] + [
        _after(entry, since=entry.at - before.at) for before, entry in pairwise(ordered)
    ]


def _after(entry: Entry, *, since: timedelta) -> Entry:
    return replace(entry, since_previous=since)


def _action(event: ActionEvent) -> Iterator[Entry]:
    """Yield the run of the action: it began before it was recorded."""
    recorded_at = _time(event, event.created_at)
    actor = event.actor_label or event.actor_id or gettext("the system")
    yield Entry(
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
            at=_time(event, event.created_at),
            kind=EntryKind.COMMIT,
            status=RECORDED,
            title=gettext("Everything was rolled back; only the failure was recorded"),
        )
        return
    count = len(deliveries)
    yield Entry(
        at=_time(event, event.created_at),
        kind=EntryKind.COMMIT,
        status=RECORDED,
        title=ngettext(
            "Committed, with %(count)d delivery in the same transaction",
            "Committed, with %(count)d deliveries in the same transaction",
            count,
        )
        % {"count": count},
    )


def _delivery(delivery: Delivery) -> Iterator[Entry]:
    for error in delivery.errors:
        yield from _failed_attempt(delivery, error)
    if delivery.state == DeliveryState.DELIVERED:
        yield _receipt(delivery)
    elif delivery.state == DeliveryState.PENDING and delivery.attempts:
        yield _next_attempt(delivery)
    elif delivery.state in {DeliveryState.DEAD, DeliveryState.CANCELLED}:
        yield _settled(delivery)
    if delivery.remote_state != RemoteState.UNTRACKED:
        yield from _run(delivery)


def _failed_attempt(delivery: Delivery, error: Mapping[str, Any]) -> Iterator[Entry]:
    at = parse_datetime(str(error.get("at", "")))
    if at is None:
        return
    times = error.get("times", 1)
    title = gettext("Attempt %(number)s failed: %(kind)s") % {
        "number": error.get("attempt", "?"),
        "kind": error.get("kind", ""),
    }
    repeated = ngettext("%d time in a row", "%d times in a row", times) % times
    yield Entry(
        at=aware(at, using=_db(delivery)),
        kind=EntryKind.ATTEMPT,
        status=FAILED,
        title=f"{title} ({repeated})" if times > 1 else title,
        detail=str(error.get("message", "")),
        publisher=delivery.publisher,
    )


def _receipt(delivery: Delivery) -> Entry:
    return Entry(
        at=_time(delivery, delivery.settled_at or delivery.queued_at),
        kind=EntryKind.RECEIPT,
        status=delivery_status(delivery.state),
        title=gettext("Attempt %(number)d was confirmed") % {"number": delivery.attempts},
        detail=" · ".join(filter(None, (delivery.receipt_scope, delivery.receipt_id))),
        publisher=delivery.publisher,
        url=web_url(delivery.receipt_url),
        url_text=gettext("Open at %s") % delivery.publisher,
    )


def _next_attempt(delivery: Delivery) -> Entry:
    return Entry(
        at=_time(delivery, delivery.available_at),
        kind=EntryKind.WAITING,
        status=RETRYING,
        title=gettext("Attempt %(number)d is due") % {"number": delivery.attempts + 1},
        publisher=delivery.publisher,
    )


def _settled(delivery: Delivery) -> Entry:
    titles = {
        DeliveryState.DEAD.value: gettext("Given up: it is a dead letter"),
        DeliveryState.CANCELLED.value: gettext("Cancelled"),
    }
    return Entry(
        at=_time(delivery, delivery.settled_at or delivery.queued_at),
        kind=EntryKind.SETTLED,
        status=delivery_status(delivery.state),
        title=titles[delivery.state],
        publisher=delivery.publisher,
    )


def _run(delivery: Delivery) -> Iterator[Entry]:
    ended = delivery.remote_ended_at
    yield Entry(
        at=_time(delivery, ended or delivery.settled_at or delivery.queued_at),
        kind=EntryKind.RUN,
        status=remote_status(delivery.remote_state),
        title=gettext("Run %(id)s: %(state)s")
        % {"id": delivery.receipt_id, "state": remote_status(delivery.remote_state).word},
        detail=delivery.remote_detail,
        publisher=delivery.publisher,
        url=web_url(delivery.receipt_url),
        url_text=gettext("Open the run"),
    )


def _child(event: ActionEvent) -> Entry:
    return Entry(
        at=_time(event, event.created_at),
        kind=EntryKind.CHILD,
        status=SUCCEEDED if event.succeeded else FAILED,
        title=gettext("It led to %(action)s on %(object)s")
        % {"action": event.label, "object": event.object_id or len(event.object_ids)},
        detail=event.summary,
        event_id=event.pk,
    )


def _operation(event: ActionEvent) -> Entry:
    data = event.request_data if isinstance(event.request_data, dict) else {}
    return Entry(
        at=_time(event, event.created_at),
        kind=EntryKind.OPERATION,
        status=RECORDED,
        title=gettext("%(actor)s ran %(operation)s")
        % {"actor": event.actor_label or gettext("the system"), "operation": event.label},
        detail=str(data.get("reason", "")),
        event_id=event.pk,
    )


def web_url(url: str) -> str:
    """Return a link that a browser may open: anything may have been stored, also javascript:."""
    return url if url.startswith(("http://", "https://")) else ""


def _time(row: ActionEvent | Delivery, moment: datetime) -> datetime:
    return aware(moment, using=_db(row))


def _db(row: ActionEvent | Delivery) -> str:
    return str(row._state.db)
