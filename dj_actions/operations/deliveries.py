"""Retry or cancel pending deliveries; replay or discard dead letters; replay delivered ones.

Cancel, replay and discard are recorded as an event with the actor and the reason. A retry only
changes the time of the next attempt, and is not recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace as with_changes
from types import MappingProxyType
from typing import Any

from django.db import router, transaction

from dj_actions.models import Delivery
from dj_actions.operations.audit import record_operation, require_reason
from dj_actions.operations.result import MAX_IDS, OperationResult
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.outbox.wakeup import wake_all_relays
from dj_actions.states import DeliveryState

REQUIRED_STATES: Mapping[str, DeliveryState] = MappingProxyType(
    {
        "retry": DeliveryState.PENDING,
        "cancel": DeliveryState.PENDING,
        "replay": DeliveryState.DEAD,
        "replay_delivered": DeliveryState.DELIVERED,
        "discard": DeliveryState.DEAD,
    }
)
"""Operation → the state that it requires; deliveries in any other state are left unchanged."""

_TRANSITIONS: Mapping[str, Callable[[DeliveryQuerySet], int]] = {
    "retry": DeliveryQuerySet.retry_now,
    "cancel": DeliveryQuerySet.cancel,
    "replay": DeliveryQuerySet.replay,
    "replay_delivered": DeliveryQuerySet.replay_delivered,
    "discard": DeliveryQuerySet.discard,
}


def eligible(operation: str, deliveries: DeliveryQuerySet) -> DeliveryQuerySet:
    """Return the deliveries that an operation would change, the oldest first.

    The operations and their previews select with this function alone. It reads the database that
    is written to, never a replica.

    Args:
        operation: a key of REQUIRED_STATES.
        deliveries: the deliveries to choose from; may be a slice.
    """
    return deliveries.eligible(REQUIRED_STATES[operation])


def retry(deliveries: DeliveryQuerySet, *, dry_run: bool = False) -> OperationResult:
    """Make pending deliveries due now, without waiting for their next attempt.

    Args:
        deliveries: the deliveries to choose from; those that are not pending are left unchanged.
        dry_run: change nothing, and return what would be changed.
    """
    if dry_run:
        return OperationResult.preview(eligible("retry", deliveries))
    with transaction.atomic(using=_database()):
        result = _apply("retry", deliveries)
    _wake_relays(result)
    return result


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
    return _recorded("cancel", deliveries, actor=actor, reason=reason, dry_run=dry_run)


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
    result = _recorded("replay", deliveries, actor=actor, reason=reason, dry_run=dry_run)
    _wake_relays(result)
    return result


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
    result = _recorded("replay_delivered", deliveries, actor=actor, reason=reason, dry_run=dry_run)
    _wake_relays(result)
    return result


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
    return _recorded("discard", deliveries, actor=actor, reason=reason, dry_run=dry_run)


def _recorded(
    operation: str, deliveries: DeliveryQuerySet, *, actor: Any, reason: str, dry_run: bool
) -> OperationResult:
    """Run an operation together with the event that records it."""
    if dry_run:
        return OperationResult.preview(eligible(operation, deliveries))
    stored_reason = require_reason(reason)
    with transaction.atomic(using=_database()):
        result = _apply(operation, deliveries)
        if result.count:
            event = record_operation(
                "delivery",
                operation,
                object_ids=[str(entry) for entry in result.ids],
                actor=actor,
                data={
                    "reason": stored_reason,
                    "deliveries": list(result.ids),
                    "count": result.count,
                },
                bulk=True,
            )
            result = with_changes(result, event_id=event.pk)
    return result


def _apply(operation: str, deliveries: DeliveryQuerySet) -> OperationResult:
    """Lock the first eligible deliveries, then change all of them in one statement."""
    rows = eligible(operation, deliveries).select_for_update()
    ids = list(rows.values_list("pk", flat=True)[: MAX_IDS + 1])
    if len(ids) <= MAX_IDS:
        # Change exactly the deliveries that the result lists.
        deliveries = Delivery.objects.matching(ids=ids)
    count = _TRANSITIONS[operation](deliveries)
    return OperationResult(count=count, ids=tuple(ids[:MAX_IDS]))


def _wake_relays(result: OperationResult) -> None:
    if result.count and not result.dry_run:
        wake_all_relays(using=_database())


def _database() -> str:
    return router.db_for_write(Delivery)
