"""Whether and when a delivery is retried."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dj_actions.exceptions import DestinationNotFound, PublishRejected
from dj_actions.models import Delivery
from dj_actions.outbox.attempts import ends_alike
from dj_actions.outbox.claimed import Claimed
from dj_actions.policies import RetryPolicy
from dj_actions.relay.failures.attempts import NOT_FOUND


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
