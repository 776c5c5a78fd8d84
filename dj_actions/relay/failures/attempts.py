"""How an attempt failed, and whether it counts."""

from __future__ import annotations

from contextlib import suppress

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
from dj_actions.outbox.attempts import Attempt, Timing, seconds_of, started_at
from dj_actions.outbox.claimed import Claimed
from dj_actions.outbox.times import aware
from dj_actions.publishers.http import is_status
from dj_actions.relay.failures.outages import is_outage
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
