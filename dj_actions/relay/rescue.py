"""Take over what relays that died have left behind."""

from __future__ import annotations

import logging

from dj_actions.models import Delivery
from dj_actions.policies import RetryPolicy
from dj_actions.relay.settlement import LEASE_EXPIRED, age_of, announce_death, describe_error

logger = logging.getLogger(__name__)

RESCUE_LIMIT = 500
"""Deliveries taken over at once."""


def rescue(publisher: str, policy: RetryPolicy) -> int:
    """Put deliveries whose lease ran out back in line; return how many.

    A relay settles a batch in order, so only the first that is left can have been in flight:
    its try counts, for a message that kills each relay has to end as a dead letter. The others
    were not tried.
    """
    expired = Delivery.objects.expired(publisher, limit=RESCUE_LIMIT)
    first_of_batch = {delivery.lease_token: delivery for delivery in reversed(expired)}
    rescued = 0
    for token, delivery in first_of_batch.items():
        rescued += _take_over(delivery, policy)
        if token:
            rescued += Delivery.objects.release(token, expired=True)
    return rescued


def _take_over(delivery: Delivery, policy: RetryPolicy) -> bool:
    error = describe_error(
        delivery,
        LEASE_EXPIRED,
        "The relay that held this delivery was killed or hung; whether it was sent is unknown.",
    )
    logger.warning(
        "Delivery %s to %s is taken over: its lease has run out.",
        delivery.pk,
        delivery.publisher,
        extra={"action": "delivery_rescued", "publisher": delivery.publisher},
    )
    if policy.next_wait(attempts=delivery.attempts, age=age_of(delivery)) is None:
        given_up = Delivery.objects.give_up(delivery, error=error, expired=True)
        if given_up:
            announce_death(delivery, error["message"])
        return given_up
    # At once: the lease has been wait enough, and a relay that was killed is no one's fault.
    return Delivery.objects.put_back(delivery, wait=0, error=error, counted=True, expired=True)
