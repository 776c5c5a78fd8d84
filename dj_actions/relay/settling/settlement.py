"""Settle a delivery whose attempt failed, and report each delivery that is settled."""

from __future__ import annotations

import logging

from dj_actions.database import retry_on_disconnect
from dj_actions.models import Delivery
from dj_actions.outbox.attempts import Attempt
from dj_actions.outbox.claimed import Claimed
from dj_actions.policies import OnPoison
from dj_actions.signals import delivery_dead, delivery_settled
from dj_actions.states import DeliveryState

logger = logging.getLogger(__name__)

BLOCKING = frozenset({OnPoison.PARK, OnPoison.BLOCK})
"""Policies by which a dead letter blocks later deliveries."""


def settle_failure(
    delivery: Claimed, attempt: Attempt, *, wait: float | None, on_poison: OnPoison | None
) -> bool:
    """Schedule a retry, or make the delivery a dead letter; return whether the lease still held.

    Args:
        delivery: the one whose attempt failed.
        attempt: how it failed.
        wait: seconds until the next attempt, or None to give up.
        on_poison: how a dead letter affects later deliveries, if the publisher keeps an order.
    """
    _log_failure(delivery, attempt, wait)
    if wait is not None:
        held = retry_on_disconnect(Delivery.objects.put_back, delivery, attempt, wait=wait)
    else:
        held = retry_on_disconnect(Delivery.objects.give_up, delivery, attempt)
    if not held:
        log_lease_lost(delivery)
    elif wait is None:
        send_delivery_dead(delivery, f"{attempt.kind}: {attempt.message}")
        if on_poison in BLOCKING:
            _log_ordering_blocked(delivery, on_poison)
    return held


def send_delivery_dead(delivery: Claimed | Delivery, reason: str) -> None:
    """Send the signals of a delivery that became a dead letter."""
    send_delivery_settled(delivery, DeliveryState.DEAD)
    delivery_dead.send_robust(
        sender=Delivery,
        delivery_id=delivery.pk,
        publisher=delivery.publisher,
        event_id=delivery.event_id,
        reason=reason,
    )


def send_delivery_settled(delivery: Claimed | Delivery, state: DeliveryState) -> None:
    """Send the signal of a delivery that was delivered or given up."""
    delivery_settled.send_robust(
        sender=Delivery,
        delivery_id=delivery.pk,
        publisher=delivery.publisher,
        event_id=delivery.event_id,
        state=state,
    )


def log_lease_lost(delivery: Claimed) -> None:
    """Log that another relay has the delivery by now."""
    logger.warning(
        "Delivery %s to %s: the lease expired and another relay took over; this relay's result "
        "is discarded.",
        delivery.pk,
        delivery.publisher,
        extra={"action": "lease_lost", "publisher": delivery.publisher},
    )


def _log_failure(delivery: Claimed, attempt: Attempt, wait: float | None) -> None:
    logger.warning(
        "Delivery %s to %s failed (%s), %s: %s",
        delivery.pk,
        delivery.publisher,
        attempt.kind,
        "giving up" if wait is None else f"next attempt in {wait:.1f} s",
        attempt.message,
        extra={"action": "delivery_failed", "publisher": delivery.publisher},
    )


def _log_ordering_blocked(delivery: Claimed, on_poison: OnPoison) -> None:
    key = f"{delivery.ordering_scope}:{delivery.ordering_key}"
    logger.error(
        "Publisher %s: %s blocked until the dead letter %s is replayed or discarded.",
        delivery.publisher,
        "all later deliveries are" if on_poison is OnPoison.BLOCK else f"ordering key {key} is",
        delivery.pk,
        extra={"action": "ordering_blocked", "publisher": delivery.publisher},
    )
