"""Retry or cancel what waits, replay or discard dead letters.

Who has changed what becomes of a delivery, and why, is recorded with it; a retry changes nothing
but the time.
"""

from __future__ import annotations

from typing import Any

from django.db import router, transaction

from dj_actions.models import Delivery
from dj_actions.operations.audit import record_operation, require_reason
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.outbox.wakeup import wake_all_relays
from dj_actions.states import DeliveryState

MOST_IDS = 1000
"""How many ids of deliveries one record names; it tells the count of all."""


def retry(deliveries: DeliveryQuerySet) -> int:
    """Make due at once what waits for its next try.

    Args:
        deliveries: which; those that are not pending are left alone.

    Returns:
        How many.
    """
    return _told(deliveries.retry_now())


def replay(deliveries: DeliveryQuerySet, *, actor: Any, reason: str) -> int:
    """Send again what was given up: DEAD → PENDING, with a fresh count of attempts and age.

    Args:
        deliveries: which, for example `Delivery.objects.matching(publisher="feeds")`; those that
            are not dead are left alone.
        actor: the user who does it, or None for the system itself.
        reason: why.

    Returns:
        How many; if any, one event `delivery.replay` says who and why, in the same transaction.

    Raises:
        InvalidAction: the reason is empty.
    """
    return _told(_operate("replay", deliveries, DeliveryState.DEAD, actor=actor, reason=reason))


def discard(deliveries: DeliveryQuerySet, *, actor: Any, reason: str) -> int:
    """Withdraw what was given up, so that it keeps nothing of its line waiting: DEAD → CANCELLED.

    Args:
        deliveries: which; those that are not dead are left alone.
        actor: the user who does it, or None for the system itself.
        reason: why.

    Returns:
        How many; if any, one event `delivery.discard` says who and why, in the same transaction.

    Raises:
        InvalidAction: the reason is empty.
    """
    return _operate("discard", deliveries, DeliveryState.DEAD, actor=actor, reason=reason)


def cancel(deliveries: DeliveryQuerySet, *, actor: Any, reason: str) -> int:
    """Withdraw what has not been sent: PENDING → CANCELLED.

    Args:
        deliveries: which; those that are not pending are left alone.
        actor: the user who does it, or None for the system itself.
        reason: why.

    Returns:
        How many; if any, one event `delivery.cancel` says who and why, in the same transaction.

    Raises:
        InvalidAction: the reason is empty.
    """
    return _operate("cancel", deliveries, DeliveryState.PENDING, actor=actor, reason=reason)


def _told(count: int) -> int:
    """Wake relays if something has become due."""
    if count:
        wake_all_relays(using=router.db_for_write(Delivery))
    return count


def _operate(
    action: str, deliveries: DeliveryQuerySet, state: DeliveryState, *, actor: Any, reason: str
) -> int:
    why = require_reason(reason)
    with transaction.atomic(using=router.db_for_write(Delivery)):
        ids = deliveries.lock_some(state, limit=MOST_IDS + 1)
        if len(ids) <= MOST_IDS:
            # Exactly those that are going to be named.
            deliveries = Delivery.objects.matching(ids=ids)
        count: int = getattr(deliveries, action)()
        if count:
            named = ids[:MOST_IDS]
            record_operation(
                "delivery",
                action,
                object_ids=[str(entry) for entry in named],
                actor=actor,
                data={"reason": why, "deliveries": named, "count": count},
                bulk=True,
            )
    return count
