"""Retry or cancel pending deliveries; replay or discard dead letters; replay delivered ones.

Cancel, replay and discard are recorded as an event with the actor and the reason. A retry only
changes the time of the next attempt, and is not recorded.
"""

from __future__ import annotations

from dataclasses import replace as with_changes
from typing import Any

from django.db import router, transaction

from dj_actions.models import Delivery
from dj_actions.operations.audit import record_operation, require_reason
from dj_actions.operations.delivery_changes import (
    CANCEL,
    DISCARD,
    REPLAY,
    REPLAY_DELIVERED,
    RETRY,
    DeliveryChange,
)
from dj_actions.operations.result import MAX_IDS, OperationResult
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.outbox.wakeup import wake_all_relays


def eligible(change: DeliveryChange, deliveries: DeliveryQuerySet) -> DeliveryQuerySet:
    """Return the deliveries that an operation would change, the oldest first.

    The operations and their previews select with this function alone. It reads the database that
    is written to, never a replica.

    Args:
        change: the operation.
        deliveries: the deliveries to choose from; may be a slice.
    """
    return deliveries.eligible(change.state)


def run_change(
    change: DeliveryChange,
    deliveries: DeliveryQuerySet,
    *,
    actor: Any,
    reason: str,
    dry_run: bool = False,
) -> OperationResult:
    """Change those of some deliveries that are in the state that the operation requires.

    Args:
        change: the operation.
        deliveries: the deliveries to choose from.
        actor: the user, or None for the system itself.
        reason: why; recorded in an event in the same transaction, if the operation is recorded.
        dry_run: change nothing, and return what would be changed; needs no reason.

    Raises:
        InvalidAction: the operation is recorded, and the reason is empty.
    """
    if dry_run:
        return OperationResult.preview(eligible(change, deliveries))
    stored_reason = require_reason(reason) if change.is_recorded else ""
    with transaction.atomic(using=_database()):
        result = _apply(change, deliveries)
        if result.count and change.is_recorded:
            result = _recorded(change, result, actor=actor, reason=stored_reason)
    if result.count and change.sends:
        wake_all_relays(using=_database())
    return result


def retry(deliveries: DeliveryQuerySet, *, dry_run: bool = False) -> OperationResult:
    """Make pending deliveries due now, without waiting for their next attempt.

    Args:
        deliveries: the deliveries to choose from; those that are not pending are left unchanged.
        dry_run: change nothing, and return what would be changed.
    """
    return run_change(RETRY, deliveries, actor=None, reason="", dry_run=dry_run)


def cancel(
    deliveries: DeliveryQuerySet, *, actor: Any, reason: str, dry_run: bool = False
) -> OperationResult:
    """Cancel pending deliveries, so that they are never sent: PENDING → CANCELLED.

    Args:
        deliveries: the deliveries to choose from; those that are not pending are left unchanged.
        actor: the user who cancels them, or None for the system itself.
        reason: why; recorded in an event `delivery.cancel` in the same transaction.
        dry_run: change nothing, and return what would be changed; needs no reason.

    Raises:
        InvalidAction: the reason is empty.
    """
    return run_change(CANCEL, deliveries, actor=actor, reason=reason, dry_run=dry_run)


def replay(
    deliveries: DeliveryQuerySet, *, actor: Any, reason: str, dry_run: bool = False
) -> OperationResult:
    """Send dead letters again, with a new count of attempts and a new age: DEAD → PENDING.

    Args:
        deliveries: the deliveries to choose from, for example
            `Delivery.objects.matching(publisher="feeds")`; those that are not dead are left
            unchanged.
        actor: the user who replays them, or None for the system itself.
        reason: why; recorded in an event `delivery.replay` in the same transaction.
        dry_run: change nothing, and return what would be changed; needs no reason.

    Raises:
        InvalidAction: the reason is empty.
    """
    return run_change(REPLAY, deliveries, actor=actor, reason=reason, dry_run=dry_run)


def replay_delivered(
    deliveries: DeliveryQuerySet, *, actor: Any, reason: str, dry_run: bool = False
) -> OperationResult:
    """Send again what was delivered, because the destination has lost it: DELIVERED → PENDING.

    The receipt and the remote run are forgotten, and recorded again by the next delivery. A
    destination that still has the result recognizes the id of the message, and has one effect.
    Later deliveries with the same ordering key that are already delivered are not sent again: if
    they depend on this one, replay them together.

    Args:
        deliveries: the deliveries to choose from; those that are not delivered are left unchanged.
        actor: the user who replays them, or None for the system itself.
        reason: why; recorded in an event `delivery.replay_delivered` in the same transaction.
        dry_run: change nothing, and return what would be changed; needs no reason.

    Raises:
        InvalidAction: the reason is empty.
    """
    return run_change(REPLAY_DELIVERED, deliveries, actor=actor, reason=reason, dry_run=dry_run)


def discard(
    deliveries: DeliveryQuerySet, *, actor: Any, reason: str, dry_run: bool = False
) -> OperationResult:
    """Discard dead letters, so that they block no later delivery: DEAD → CANCELLED.

    Args:
        deliveries: the deliveries to choose from; those that are not dead are left unchanged.
        actor: the user who discards them, or None for the system itself.
        reason: why; recorded in an event `delivery.discard` in the same transaction.
        dry_run: change nothing, and return what would be changed; needs no reason.

    Raises:
        InvalidAction: the reason is empty.
    """
    return run_change(DISCARD, deliveries, actor=actor, reason=reason, dry_run=dry_run)


def _recorded(
    change: DeliveryChange, result: OperationResult, *, actor: Any, reason: str
) -> OperationResult:
    """Record an operation, in its transaction; return the result with the event."""
    event = record_operation(
        "delivery",
        change.name,
        object_ids=[str(entry) for entry in result.ids],
        actor=actor,
        data={"reason": reason, "deliveries": list(result.ids), "count": result.count},
        bulk=True,
    )
    return with_changes(result, event_id=event.pk)


def _apply(change: DeliveryChange, deliveries: DeliveryQuerySet) -> OperationResult:
    """Lock the first eligible deliveries, then change all of them in one statement."""
    rows = eligible(change, deliveries).select_for_update()
    ids = list(rows.values_list("pk", flat=True)[: MAX_IDS + 1])
    if len(ids) <= MAX_IDS:
        # Change exactly the deliveries that the result lists.
        deliveries = Delivery.objects.matching(ids=ids)
    count = change.transition(deliveries)
    return OperationResult(count=count, ids=tuple(ids[:MAX_IDS]))


def _database() -> str:
    return router.db_for_write(Delivery)
