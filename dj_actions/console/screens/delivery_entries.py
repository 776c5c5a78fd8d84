"""What happened to a delivery: its attempts, its receipt, and its remote run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext, ngettext

from dj_actions.console.screens.entries import (
    Entry,
    EntryKind,
    database_of,
    moment_of,
)
from dj_actions.console.screens.status import FAILED, RETRYING, delivery_status, remote_status
from dj_actions.console.screens.times import duration_text
from dj_actions.messages import web_url
from dj_actions.models import Attempt, Delivery
from dj_actions.outbox.attempts import DELIVERED
from dj_actions.outbox.times import aware
from dj_actions.states import DeliveryState, RemoteState


def delivery_entries(delivery: Delivery) -> Iterator[Entry]:
    """Yield each attempt, what it led to, and the states of the remote run."""
    for attempt in delivery.attempt_log:
        if attempt.kind != DELIVERED and attempt.started_at:
            yield _failed_attempt(delivery, attempt, attempt.started_at)
    if delivery.state == DeliveryState.DELIVERED:
        yield _receipt(delivery)
    elif delivery.state == DeliveryState.PENDING and delivery.attempts:
        yield _next_attempt(delivery)
    elif delivery.state in {DeliveryState.DEAD, DeliveryState.CANCELLED}:
        yield _settled(delivery)
    if delivery.remote_state != RemoteState.UNTRACKED:
        yield from _run(delivery)


def _failed_attempt(delivery: Delivery, attempt: Attempt, started_at: datetime) -> Entry:
    title = gettext("Attempt %(number)s failed: %(kind)s") % {
        "number": attempt.number or "?",
        "kind": attempt.kind,
    }
    repeated = ngettext("%d time in a row", "%d times in a row", attempt.times) % attempt.times
    return Entry(
        at=aware(started_at, using=database_of(delivery)),
        kind=EntryKind.ATTEMPT,
        status=FAILED,
        title=f"{title} ({repeated})" if attempt.times > 1 else title,
        detail="\n".join(filter(None, (attempt.message, _circumstances(attempt)))),
        publisher=delivery.publisher,
    )


def _circumstances(attempt: Attempt) -> str:
    """Return the status, the duration and the relay of an attempt, as far as they are known."""
    parts = (
        gettext("status %d") % attempt.status if attempt.status else "",
        gettext("after %s") % duration_text(attempt.seconds) if attempt.seconds else "",
        gettext("relay %s") % attempt.relay if attempt.relay else "",
        "" if attempt.is_counted else gettext("it does not count"),
    )
    return ", ".join(filter(None, parts))


def _receipt(delivery: Delivery) -> Entry:
    delivered = [attempt for attempt in delivery.attempt_log if attempt.kind == DELIVERED]
    circumstances = _circumstances(delivered[-1]) if delivered else ""
    receipt = " · ".join(filter(None, (delivery.receipt_scope, delivery.receipt_id)))
    return Entry(
        at=moment_of(delivery, delivery.settled_at or delivery.queued_at),
        kind=EntryKind.RECEIPT,
        status=delivery_status(delivery.state),
        title=gettext("Attempt %(number)d was confirmed") % {"number": delivery.attempts},
        detail="\n".join(filter(None, (receipt, circumstances))),
        publisher=delivery.publisher,
        url=web_url(delivery.receipt_url),
        url_text=gettext("Open at %s") % delivery.publisher,
    )


def _next_attempt(delivery: Delivery) -> Entry:
    return Entry(
        at=moment_of(delivery, delivery.available_at),
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
        at=moment_of(delivery, delivery.settled_at or delivery.queued_at),
        kind=EntryKind.SETTLED,
        status=delivery_status(delivery.state),
        title=titles[delivery.state],
        publisher=delivery.publisher,
    )


def _run(delivery: Delivery) -> Iterator[Entry]:
    """Yield the states that the remote run has had; the last one with its reason."""
    *earlier, last = _run_states(delivery)
    for at, state, detail in earlier:
        yield _run_entry(delivery, at, state, detail)
    at, state, detail = last
    failure = delivery.remote_failure or {}
    reason = "\n".join(
        filter(None, (delivery.failed_step or delivery.remote_hint or detail, *_log_end(failure)))
    )
    entry = _run_entry(delivery, at, state, reason)
    url = web_url(str(failure.get("url", "")))
    yield replace(entry, url=url, url_text=gettext("Open the failed step")) if url else entry


def _run_states(delivery: Delivery) -> list[tuple[datetime, str, str]]:
    """Return when the run was seen in which state, with the destination's own name of it."""
    history = [
        (at, str(entry.get("state")), str(entry.get("detail", "")))
        for entry in delivery.remote_history
        if (at := parse_datetime(str(entry.get("at", "")))) is not None
    ]
    if history and history[-1][1] == delivery.remote_state:
        return history
    since = delivery.remote_ended_at or delivery.remote_changed_at or delivery.settled_at
    now = (since or delivery.queued_at, delivery.remote_state, delivery.remote_detail)
    return [*history, now]


def _run_entry(delivery: Delivery, at: datetime, state: str, detail: str) -> Entry:
    status = remote_status(state)
    return Entry(
        at=aware(at, using=database_of(delivery)),
        kind=EntryKind.RUN,
        status=status,
        title=gettext("Run %(id)s: %(state)s") % {"id": delivery.receipt_id, "state": status.word},
        detail="" if detail == state else detail,
        publisher=delivery.publisher,
        url=web_url(delivery.receipt_url),
        url_text=gettext("Open the run"),
    )


def _log_end(failure: Mapping[str, Any]) -> list[str]:
    """Return the last line of the failed step's log, as far as it is known."""
    lines = failure.get("log") or []
    return [str(lines[-1])] if lines else []
