"""Deliver what was claimed: build the message, publish it, decide, settle."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from dj_actions.breaker import Breaker
from dj_actions.conf import get_settings
from dj_actions.database import patiently
from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.messages import Actor, Message, Receipt
from dj_actions.models import Delivery
from dj_actions.publishers import BasePublisher
from dj_actions.retry import RetryPolicy
from dj_actions.signals import delivery_settled
from dj_actions.states import DeliveryState
from dj_actions.storable import cleaned

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one claim has brought, and what is needed to deliver it."""

    deliveries: Sequence[Delivery]
    publisher: BasePublisher
    policy: RetryPolicy
    breaker: Breaker

    @property
    def token(self) -> UUID:
        """The lease token that all of them share."""
        token = self.deliveries[0].lease_token
        if token is None:
            raise ValueError("Only claimed deliveries can be delivered.")
        return token


def deliver(batch: Batch, stopping: threading.Event) -> None:
    """Publish a batch and settle each delivery as soon as its outcome is known.

    It ends early when the relay stops, the breaker opens, or the lease is lost; what has not
    been tried by then is given back as if it had never been claimed.
    """
    outcomes = _outcomes(batch)
    try:
        for delivery, outcome in zip(batch.deliveries, outcomes, strict=False):
            held = _settle(delivery, outcome, batch)
            if not held or stopping.is_set() or not batch.breaker.is_closed:
                break
    finally:
        outcomes.close()
        patiently(Delivery.objects.release, batch.token)


def message_of(delivery: Delivery) -> Message:
    """Build the frozen value that a publisher receives."""
    event = delivery.event
    return Message(
        id=event.id,
        resource=event.resource,
        action=event.action,
        version=event.version,
        object_id=event.object_id,
        object_ids=tuple(event.object_ids),
        actor=Actor(id=event.actor_id, label=event.actor_label) if event.actor_id else None,
        data=event.request_data,
        result=event.response_data,
        summary=event.summary,
        recipients=tuple(event.recipients),
        extra=event.extra,
        traceparent=event.traceparent,
        occurred_at=event.created_at,
        options=get_settings().route_options(delivery.publisher, event.label),
        attempt=delivery.attempts,
    )


def age_of(delivery: Delivery) -> float:
    """Return the seconds between queueing and claiming, by the database's clock."""
    return max(timedelta(0), delivery.claimed_at - delivery.queued_at).total_seconds()


def describe_error(delivery: Delivery, kind: str, message: str) -> dict[str, Any]:
    """Return the entry for a delivery's list of errors."""
    return {
        "at": delivery.claimed_at.isoformat(),
        "attempt": delivery.attempts,
        "kind": kind,
        "message": cleaned(message, MAX_ERROR_LENGTH),
    }


def _outcomes(batch: Batch) -> Generator[object]:
    """Yield what the publisher yields; what it fails to yield is the next message's error.

    Then it ends: the messages after that one have not been tried.
    """
    messages = [message_of(delivery) for delivery in batch.deliveries]
    try:
        yield from batch.publisher.publish_many(messages)
    except GeneratorExit:
        raise
    except BaseException as error:  # noqa: BLE001 - a publisher must not take the relay along
        yield error
    else:
        yield TypeError(f"{_name(batch)}.publish_many gave no outcome for this message.")


def _settle(delivery: Delivery, outcome: object, batch: Batch) -> bool:
    """Write one outcome to its row; return whether the lease was still ours."""
    probing = not batch.breaker.is_closed
    batch.breaker.record(outcome)
    if isinstance(outcome, Receipt):
        held = patiently(Delivery.objects.mark_delivered, delivery, outcome)
        state = DeliveryState.DELIVERED
    else:
        held, state = _settle_failure(delivery, _as_error(outcome, batch), batch, probing=probing)
    if not held:
        logger.warning(
            "Delivery %s to %s was taken over by another relay; its outcome here is dropped.",
            delivery.pk,
            delivery.publisher,
            extra={"action": "lease_lost", "publisher": delivery.publisher},
        )
    elif state != DeliveryState.PENDING:
        _announce(delivery, state)
    return held


def _settle_failure(
    delivery: Delivery, error: BaseException, batch: Batch, *, probing: bool
) -> tuple[bool, DeliveryState]:
    """Put the delivery back in line, or give it up; return whether the lease was still ours."""
    kind = _kind(error)
    counted = not (
        isinstance(error, (PublisherMisconfigured, RateLimited))
        # A probe of a destination that is down says nothing about the message it carries.
        or (probing and isinstance(error, PublisherUnavailable) and kind != NOT_FOUND)
    )
    wait = _wait_after(delivery, error, batch.policy) if counted else batch.breaker.remaining()
    entry = describe_error(delivery, kind, _text_of(error))
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
        return patiently(Delivery.objects.give_up, delivery, error=entry), DeliveryState.DEAD
    held = patiently(Delivery.objects.put_back, delivery, wait=wait, error=entry, counted=counted)
    return held, DeliveryState.PENDING


def _wait_after(delivery: Delivery, error: BaseException, policy: RetryPolicy) -> float | None:
    """Return the seconds until the next try, or None to give up."""
    if isinstance(error, PublishRejected):
        return None
    not_found = isinstance(error, DestinationNotFound)
    attempts = _times_not_found(delivery) + 1 if not_found else delivery.attempts
    return policy.next_wait(attempts=attempts, age=age_of(delivery), not_found=not_found)


def _times_not_found(delivery: Delivery) -> int:
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


def _as_error(outcome: object, batch: Batch) -> BaseException:
    if isinstance(outcome, BaseException):
        return outcome
    return TypeError(f"{_name(batch)} answered {outcome!r}, which is no Receipt.")


def _text_of(error: BaseException) -> str:
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001 - a message that cannot even be read must not end the lane
        return type(error).__name__


def _announce(delivery: Delivery, state: DeliveryState) -> None:
    delivery_settled.send_robust(
        sender=Delivery,
        delivery_id=delivery.pk,
        publisher=delivery.publisher,
        event_id=delivery.event_id,
        state=state,
    )


def _name(batch: Batch) -> str:
    return type(batch.publisher).__name__
