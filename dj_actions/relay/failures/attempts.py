"""How an attempt failed, and whether and when the delivery is retried."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
    error_message,
)
from dj_actions.models import Delivery
from dj_actions.outbox.attempts import Attempt, Timing, ends_alike, seconds_of, started_at
from dj_actions.outbox.claimed import Claimed
from dj_actions.outbox.times import aware
from dj_actions.policies import RetryPolicy
from dj_actions.publishers.http import is_status
from dj_actions.relay.identity import relay_name
from dj_actions.text import sanitize

NOT_FOUND = "not found"
LEASE_EXPIRED = "lease expired"
UNEXPECTED = "unexpected"

ERROR_KINDS: dict[type[Exception], str] = {
    DestinationNotFound: NOT_FOUND,
    PublisherUnavailable: "unavailable",
    RateLimited: "rate limited",
    PublishRejected: "rejected",
    PublisherMisconfigured: "misconfigured",
}
"""The label that operators see for each type of error; the first match counts."""

MAX_ERROR_LENGTH = 2000
"""Characters of an error message that are stored."""


def error_kind(error: BaseException) -> str:
    """Return the label of an error."""
    for error_type, kind in ERROR_KINDS.items():
        if isinstance(error, error_type):
            return kind
    return UNEXPECTED


def failed_attempt(
    delivery: Claimed, error: BaseException, timing: Timing, *, is_probe: bool
) -> Attempt:
    """Return the attempt that an error ended.

    Args:
        delivery: what was sent.
        error: what the publisher raised.
        timing: how long that took.
        is_probe: whether it was sent to find out if the destination works again.
    """
    return Attempt(
        number=delivery.attempts,
        started_at=started_at(timing),
        seconds=seconds_of(timing),
        kind=error_kind(error),
        message=sanitize(error_message(error), MAX_ERROR_LENGTH),
        status=_status_of(error),
        relay=relay_name(),
        is_counted=is_counted(error, is_probe=is_probe),
    )


def expired_attempt(delivery: Delivery) -> Attempt:
    """Return the attempt that ended with the lease of its relay, as far as it is known."""
    return Attempt(
        number=delivery.attempts,
        started_at=aware(delivery.claimed_at, using=str(delivery._state.db)),
        kind=LEASE_EXPIRED,
        message="The relay that held this delivery was killed or got stuck; whether the message "
        "was sent is unknown.",
        relay=delivery.relay,
    )


def _status_of(error: BaseException) -> int | None:
    """Return the HTTP status of an error; None if it has none, or something else in its place."""
    with suppress(Exception):  # of a property
        status = error.status if isinstance(error, PublishError) else None
        return status if is_status(status) else None
    return None


def is_counted(error: BaseException, *, is_probe: bool) -> bool:
    """Return whether a failed attempt counts toward the limit of the retry policy.

    Args:
        error: what the publisher raised.
        is_probe: whether the message was sent to find out if the destination works again. If
            not, that says nothing about the message.
    """
    if isinstance(error, (PublisherMisconfigured, RateLimited)):
        return False
    return not (is_probe and is_outage(error))


def was_sent(outcome: object) -> bool:
    """Return whether an outcome says something about the destination.

    A wrong configuration does, even if nothing could be sent.
    """
    return (
        not isinstance(outcome, PublishError)
        or outcome.was_sent
        or isinstance(outcome, PublisherMisconfigured)
    )


def is_outage(error: BaseException) -> bool:
    """Return whether an error speaks against the destination, not against the message.

    An error that is not a PublishError is not evidence of an outage: only its own message is
    retried.
    """
    return isinstance(error, PublisherUnavailable) and not isinstance(error, DestinationNotFound)


def retry_wait(delivery: Claimed, error: BaseException, policy: RetryPolicy) -> float | None:
    """Return the seconds until the next attempt, or None to give up."""
    if isinstance(error, PublishRejected):
        return None
    not_found = isinstance(error, DestinationNotFound)
    attempts = _times_not_found(delivery) + 1 if not_found else delivery.attempts
    return policy.next_wait(attempts=attempts, age=delivery_age(delivery), not_found=not_found)


def delivery_age(delivery: Claimed | Delivery) -> float:
    """Return the seconds between queueing and claiming, by the database's clock."""
    return max(timedelta(0), delivery.claimed_at - delivery.queued_at).total_seconds()


def _times_not_found(delivery: Claimed) -> int:
    """Count the latest attempts in a row that found no DAG or feed."""
    times, later = 0, dict[str, Any]()
    for entry in reversed(delivery.errors):
        if entry["kind"] != NOT_FOUND:
            break
        if not ends_alike(entry, later):  # the later one counts those that ended like it
            times += entry.get("times", 1)
        later = entry
    # A replay keeps the history, but its attempts are counted from zero.
    return min(times, delivery.attempts - 1)
