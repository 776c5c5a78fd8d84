"""Take over deliveries whose lease expired: their relay was killed or is stuck."""

from __future__ import annotations

import logging

from dj_actions.models import Delivery
from dj_actions.policies import RetryPolicy
from dj_actions.relay.failures.attempts import expired_attempt
from dj_actions.relay.failures.retries import delivery_age
from dj_actions.relay.settling.settlement import send_delivery_dead

logger = logging.getLogger(__name__)

MAX_RESCUED = 500
"""Deliveries taken over at a time."""


def rescue(publisher: str, policy: RetryPolicy) -> int:
    """Release deliveries whose lease expired; return how many.

    A relay settles a batch in order, so only the first one left can have been in flight: its
    attempt counts, because a message that kills each relay must end as a dead letter. The others
    were not tried.
    """
    expired = Delivery.objects.expired(publisher, limit=MAX_RESCUED)
    first_of_batch = {delivery.lease_token: delivery for delivery in reversed(expired)}
    rescued = 0
    for token, delivery in first_of_batch.items():
        rescued += _take_over(delivery, policy)
        if token:
            rescued += Delivery.objects.release(token, expired=True)
    return rescued


def _take_over(delivery: Delivery, policy: RetryPolicy) -> bool:
    """Count the attempt, and retry or give up; return whether the lease had still expired."""
    attempt = expired_attempt(delivery)
    logger.warning(
        "Delivery %s to %s: the lease of relay %s expired; taking it over.",
        delivery.pk,
        delivery.publisher,
        attempt.relay or "(unknown)",
        extra={"action": "delivery_rescued", "publisher": delivery.publisher},
    )
    if policy.next_wait(attempts=delivery.attempts, age=delivery_age(delivery)) is None:
        given_up = Delivery.objects.give_up(delivery, attempt, expired=True)
        if given_up:
            send_delivery_dead(delivery, attempt.message)
        return given_up
    # Without a wait: the lease was wait enough, and the message is not to blame for a killed relay.
    return Delivery.objects.put_back(delivery, attempt, wait=0, expired=True)
