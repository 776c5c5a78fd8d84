"""Policies of a publisher: when to retry, in which order to deliver, what a dead letter blocks.

Retries use tenacity's strategies, but tenacity never sleeps here. A strategy only computes the
next wait, which is stored with the delivery, so that it survives the relay that computed it.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field
from enum import StrEnum

from tenacity import RetryCallState, Retrying
from tenacity.stop import StopBaseT, stop_after_attempt, stop_after_delay
from tenacity.wait import WaitBaseT, wait_fixed, wait_random_exponential

from dj_actions.exceptions import InvalidSetting

__all__ = ["OnPoison", "Ordering", "RetryPolicy"]

logger = logging.getLogger(__name__)

DAY = 86_400.0
"""Seconds in a day."""

MAX_RETRY_WAIT = DAY
"""Maximum seconds between two attempts, whatever a strategy or a destination says."""

MIN_RETRY_WAIT = 0.05
"""Minimum seconds between two attempts: prevents a busy loop if a strategy returns zero."""

MAX_BACKOFF_ATTEMPTS = 1000
"""Number of attempts after which a wait no longer grows: 2 ** 1024 overflows a float."""


def clamp_wait(seconds: object) -> float:
    """Return a wait within its limits; return `MAX_RETRY_WAIT` for a value that is not a number."""
    try:
        wait = float(seconds)  # type: ignore[arg-type]  # from a custom strategy
    except (TypeError, ValueError, OverflowError):
        return MAX_RETRY_WAIT
    return MAX_RETRY_WAIT if math.isnan(wait) else min(max(wait, MIN_RETRY_WAIT), MAX_RETRY_WAIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long to wait before a message is retried, and when to give up on it.

    The four values are tenacity strategies: https://tenacity.readthedocs.io.
    """

    wait: WaitBaseT = field(default_factory=lambda: wait_random_exponential(multiplier=2, max=1800))
    """Seconds between two attempts while the destination fails."""

    stop: StopBaseT = field(
        default_factory=lambda: (
            stop_after_attempt(1000) | (stop_after_delay(7 * DAY) & stop_after_attempt(10))
        )
    )
    """When to give up: after a number of counted attempts, or seconds since it was queued.

    By default after a week, but not because of its age alone: after a long downtime of the relay,
    each message still gets 10 attempts.
    """

    not_found_wait: WaitBaseT = field(default_factory=lambda: wait_fixed(30))
    """Seconds between two attempts while the DAG or feed does not exist."""

    not_found_stop: StopBaseT = field(default_factory=lambda: stop_after_attempt(5))
    """When to give up on a DAG or feed that does not exist."""

    def __post_init__(self) -> None:
        for name in ("wait", "stop", "not_found_wait", "not_found_stop"):
            if not callable(getattr(self, name)):
                raise InvalidSetting(
                    f"RETRY[{name!r}] is {getattr(self, name)!r}, which is not a tenacity "
                    "strategy. Use for example tenacity.wait_fixed(5) or "
                    "tenacity.stop_after_attempt(10)."
                )

    def next_wait(self, *, attempts: int, age: float, not_found: bool = False) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up.

        Args:
            attempts: number of attempts so far, at least 1. With `not_found`, the number of
                consecutive attempts that did not find the DAG or feed.
            age: seconds since the message was queued.
            not_found: whether the destination is up, but has no such DAG or feed.
        """
        wait, stop = (
            (self.not_found_wait, self.not_found_stop) if not_found else (self.wait, self.stop)
        )
        state = _state_after(attempts, age)
        try:
            if stop(state):
                return None
            # wait_exponential computes 2 ** attempts, which reached its maximum long before.
            state.attempt_number = min(attempts, MAX_BACKOFF_ATTEMPTS)
            return clamp_wait(wait(state))
        except Exception:
            logger.exception("A strategy in RETRY raised an error; the next attempt is in a day.")
            return MAX_RETRY_WAIT


def _state_after(attempts: int, age: float) -> RetryCallState:
    """Return the state that tenacity passes to a strategy after failed attempts.

    Args:
        attempts: number of attempts.
        age: seconds since the first one.
    """
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempts
    state.set_result(None)
    state.outcome_timestamp = time.monotonic()
    state.start_time = state.outcome_timestamp - age
    return state


class Ordering(StrEnum):
    """The order in which a publisher receives its messages."""

    NONE = "none"
    """The longest due first; a retry can be overtaken by later messages."""

    KEY = "key"
    """Messages with the same ordering key arrive in the order of their commits."""


class OnPoison(StrEnum):
    """How a dead letter affects later deliveries with the same ordering key."""

    BLOCK = "block"
    """All later deliveries of the publisher wait until it is replayed or discarded."""

    PARK = "park"
    """Later deliveries with its ordering key wait; others are delivered."""

    SKIP = "skip"
    """Later deliveries are delivered without it."""

    SUPERSEDE = "supersede"
    """Later deliveries are delivered; the first one that arrives replaces it: it is cancelled.

    If it concerns several objects, a delivery that concerns all of them replaces it.
    """
