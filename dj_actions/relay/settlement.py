"""Write down what became of what was sent: it has arrived, is tried again, or is given up."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from dj_actions.database import retry_on_disconnect
from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
    text_of,
)
from dj_actions.messages import Receipt
from dj_actions.models import Delivery
from dj_actions.outbox.claimed import Claimed
from dj_actions.policies import OnPoison, RetryPolicy
from dj_actions.publishers import BasePublisher
from dj_actions.relay.circuit_breaker import Breaker
from dj_actions.signals import delivery_dead, delivery_settled
from dj_actions.states import DeliveryState
from dj_actions.text import sanitize

logger = logging.getLogger(__name__)

NOT_FOUND = "not found"
LEASE_EXPIRED = "lease expired"

ERROR_KINDS: dict[type[Exception], str] = {
    DestinationNotFound: NOT_FOUND,
    PublisherUnavailable: "unavailable",
    RateLimited: "rate limited",
    PublishRejected: "rejected",
    PublisherMisconfigured: "misconfigured",
}
"""What people read for each type of error; the first that matches counts."""

MAX_ERROR_LENGTH = 2000
"""Characters of an error message that are kept."""


SETTLE_WITHIN = 0.05
"""Seconds for which arrivals are gathered: an answer that comes later is written down at once,
with those that wait."""

STOPPING = frozenset({OnPoison.PARK, OnPoison.BLOCK})
"""Policies by which a dead letter keeps others waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one claim has brought, and what is needed to deliver it."""

    deliveries: Sequence[Claimed]
    publisher: BasePublisher
    policy: RetryPolicy
    breaker: Breaker
    on_poison: OnPoison | None = None
    """Of a publisher that keeps an order, what a dead letter does to later ones."""

    @property
    def token(self) -> UUID:
        """The lease token that all of them share."""
        return self.deliveries[0].lease_token

    @property
    def is_tried_before(self) -> bool:
        """Whether one of them has been tried before: it may be what kills relays."""
        return any(claimed.attempts > 1 for claimed in self.deliveries)


class Arrivals:
    """The receipts of a batch, written down many at a time.

    Should the relay be killed in between, those messages are sent once more; the destination
    knows them by their ids.

    Args:
        batch: what was claimed. Where one of it has been tried before, each receipt is written
            down at once, so that a message that kills relays is the first that is left.
    """

    def __init__(self, batch: Batch) -> None:
        self.settled = 0
        """How many of the batch are written down."""
        self._batch = batch
        self._waiting: list[tuple[Claimed, Receipt]] = []
        self._patience = 0.0 if batch.is_tried_before else SETTLE_WITHIN
        self._settled_at = time.monotonic()

    def add(self, claimed: Claimed, receipt: Receipt) -> bool:
        """Keep one, and write down all if it is time; return whether the lease is still ours."""
        self._waiting.append((claimed, receipt))
        is_time = time.monotonic() - self._settled_at >= self._patience
        return self.settle() if is_time else True

    def settle(self) -> bool:
        """Write down what waits; return whether the lease was still ours."""
        if not self._waiting:
            return True
        waiting, self._waiting = self._waiting, []
        held = self._write_down(waiting)
        self._settled_at = time.monotonic()
        for claimed, _ in waiting:
            if claimed.pk in held:
                _announce(claimed, DeliveryState.DELIVERED)
            else:
                _tell_lost(claimed)
        self.settled += len(held)
        return len(held) == len(waiting)

    def _write_down(self, arrived: Sequence[tuple[Claimed, Receipt]]) -> set[int]:
        """Write down what has arrived; return the keys of what was still ours."""
        if self._batch.on_poison is OnPoison.SUPERSEDE:
            return retry_on_disconnect(Delivery.objects.supersede, self._batch.token, arrived)
        receipts = [(claimed.pk, receipt) for claimed, receipt in arrived]
        return retry_on_disconnect(Delivery.objects.mark_delivered, self._batch.token, receipts)


def settle_failure(delivery: Claimed, error: BaseException, batch: Batch, *, probing: bool) -> bool:
    """Put a delivery back in line, or give it up; return whether the lease was still ours.

    Args:
        probing: whether it was sent to find out if the destination works again.
    """
    kind = _kind(error)
    counted = not (
        isinstance(error, (PublisherMisconfigured, RateLimited))
        # A probe of a destination that is down says nothing about the message it carries.
        or (probing and isinstance(error, PublisherUnavailable) and kind != NOT_FOUND)
    )
    wait = _wait_after(delivery, error, batch.policy) if counted else batch.breaker.remaining()
    entry = describe_error(delivery, kind, text_of(error))
    logger.warning(
        "Delivery %s to %s failed (%s), %s: %s",
        delivery.pk,
        delivery.publisher,
        kind,
        "given up" if wait is None else f"again in {wait:.1f} s",
        entry["message"],
        extra={"action": "delivery_failed", "publisher": delivery.publisher},
    )
    if wait is None:
        held = retry_on_disconnect(Delivery.objects.give_up, delivery, error=entry)
    else:
        held = retry_on_disconnect(
            Delivery.objects.put_back, delivery, wait=wait, error=entry, counted=counted
        )
    if not held:
        _tell_lost(delivery)
    elif wait is None:
        announce_death(delivery, f"{kind}: {entry['message']}")
        if batch.on_poison in STOPPING:
            _tell_stopped(delivery, batch.on_poison)
    return held


def age_of(delivery: Claimed | Delivery) -> float:
    """Return the seconds between queueing and claiming, by the database's clock."""
    return max(timedelta(0), delivery.claimed_at - delivery.queued_at).total_seconds()


def describe_error(delivery: Claimed | Delivery, kind: str, message: str) -> dict[str, Any]:
    """Return the entry for a delivery's list of errors."""
    return {
        "at": delivery.claimed_at.isoformat(),
        "attempt": delivery.attempts,
        "kind": kind,
        "message": sanitize(message, MAX_ERROR_LENGTH),
    }


def _wait_after(delivery: Claimed, error: BaseException, policy: RetryPolicy) -> float | None:
    """Return the seconds until the next try, or None to give up."""
    if isinstance(error, PublishRejected):
        return None
    not_found = isinstance(error, DestinationNotFound)
    attempts = _times_not_found(delivery) + 1 if not_found else delivery.attempts
    return policy.next_wait(attempts=attempts, age=age_of(delivery), not_found=not_found)


def _times_not_found(delivery: Claimed | Delivery) -> int:
    """Count the tries in a row, up to the last one, that found no DAG or feed."""
    times = 0
    for entry in reversed(delivery.errors):
        if entry["kind"] != NOT_FOUND:
            break
        times += entry.get("times", 1)
    # A replay keeps the history, but starts to count afresh.
    return min(times, delivery.attempts - 1)


def _kind(error: BaseException) -> str:
    for kind, name in ERROR_KINDS.items():
        if isinstance(error, kind):
            return name
    return "unexpected"


def announce_death(delivery: Claimed | Delivery, reason: str) -> None:
    """Tell those who listen that a delivery was given up."""
    _announce(delivery, DeliveryState.DEAD)
    delivery_dead.send_robust(
        sender=Delivery,
        delivery_id=delivery.pk,
        publisher=delivery.publisher,
        event_id=delivery.event_id,
        reason=reason,
    )


def _announce(delivery: Claimed | Delivery, state: DeliveryState) -> None:
    delivery_settled.send_robust(
        sender=Delivery,
        delivery_id=delivery.pk,
        publisher=delivery.publisher,
        event_id=delivery.event_id,
        state=state,
    )


def _tell_stopped(delivery: Claimed, on_poison: OnPoison) -> None:
    line = f"{delivery.ordering_scope}:{delivery.ordering_key}"
    logger.error(
        "Publisher %s: %s waits until the dead letter %s is replayed or discarded.",
        delivery.publisher,
        "everything" if on_poison is OnPoison.BLOCK else f"the line {line}",
        delivery.pk,
        extra={"action": "line_stopped", "publisher": delivery.publisher},
    )


def _tell_lost(delivery: Claimed) -> None:
    logger.warning(
        "Delivery %s to %s was taken over by another relay; its outcome here is dropped.",
        delivery.pk,
        delivery.publisher,
        extra={"action": "lease_lost", "publisher": delivery.publisher},
    )
