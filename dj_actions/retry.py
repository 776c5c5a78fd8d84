"""When to try again: tenacity's strategies, used as data on the stored row.

tenacity never sleeps here. It is asked how long to wait and when to stop; the answer is
written to the delivery, so that a wait survives the relay that chose it.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from tenacity import RetryCallState, Retrying
from tenacity.stop import StopBaseT, stop_after_attempt, stop_after_delay
from tenacity.wait import WaitBaseT, wait_fixed, wait_random_exponential

from dj_actions.exceptions import InvalidSetting

DAY = 86_400.0
"""Seconds."""

LONGEST_WAIT = DAY
"""Seconds; whatever a strategy or a destination says, nobody waits longer between two tries."""

MOST_ATTEMPTS_TO_WAIT_FOR = 1000
"""Attempts beyond which a wait does not grow: floats end at two to the 1024th."""

SHORTEST_WAIT = 0.05
"""Seconds; keeps a strategy that answers zero from turning a relay into a busy loop."""


def clamp_wait(seconds: float) -> float:
    """Bring a wait into the sane range; nonsense (NaN, infinity, negative) included."""
    if math.isnan(seconds):
        return LONGEST_WAIT
    return min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)


def retry_after_seconds(header: str | None) -> float | None:
    """Read a Retry-After header in seconds; None for a date or nonsense (RFC 9110, 10.2.3)."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long a publisher's messages wait between tries, and when one is given up.

    The four values are tenacity strategies, see https://tenacity.readthedocs.io.
    """

    wait: WaitBaseT = field(default_factory=lambda: wait_random_exponential(multiplier=2, max=1800))
    """Seconds between two tries after trouble at the destination."""

    stop: StopBaseT = field(
        default_factory=lambda: (
            stop_after_attempt(100) | (stop_after_delay(7 * DAY) & stop_after_attempt(10))
        )
    )
    """When a message in trouble is given up: counted tries, or seconds since it was queued.

    By default never for its age alone: a relay that was away for long gives each a fair try.
    """

    not_found_wait: WaitBaseT = field(default_factory=lambda: wait_fixed(30))
    """Seconds between two tries while the DAG or feed does not exist."""

    not_found_stop: StopBaseT = field(default_factory=lambda: stop_after_attempt(5))
    """When a missing DAG or feed is believed to stay missing."""

    def __post_init__(self) -> None:
        for name in ("wait", "stop", "not_found_wait", "not_found_stop"):
            if not callable(getattr(self, name)):
                raise InvalidSetting(
                    f"RETRY[{name!r}] is {getattr(self, name)!r}, which is no tenacity strategy. "
                    "Use for example tenacity.wait_fixed(5) or tenacity.stop_after_attempt(10)."
                )

    def next_wait(self, *, attempts: int, age: float, not_found: bool = False) -> float | None:
        """Return the seconds to wait before the next try, or None to give up.

        Args:
            attempts: tries made so far, at least 1. With `not_found`, the tries in a row that
                found the destination missing.
            age: seconds since the message was queued.
            not_found: whether the destination exists but lacks the DAG or feed.
        """
        wait, stop = (
            (self.not_found_wait, self.not_found_stop) if not_found else (self.wait, self.stop)
        )
        state = _state_after(attempts, age)
        if stop(state):
            return None
        # wait_exponential computes 2 ** attempts; by then it has long met its maximum.
        state.attempt_number = min(attempts, MOST_ATTEMPTS_TO_WAIT_FOR)
        return clamp_wait(wait(state))


def _state_after(attempts: int, age: float) -> RetryCallState:
    """Build what tenacity's strategies look at: so many failed tries over so many seconds."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempts
    state.set_result(None)
    state.outcome_timestamp = time.monotonic()
    state.start_time = state.outcome_timestamp - age
    return state
