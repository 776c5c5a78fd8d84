"""When to try again: tenacity's strategies, used as data on the stored row.

tenacity never sleeps here. It is asked how long to wait and when to stop; the answer is
written to the delivery, so that a wait survives the relay that chose it.
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
"""Seconds."""

LONGEST_WAIT = DAY
"""Seconds; whatever a strategy or a destination says, nobody waits longer between two tries."""

MOST_ATTEMPTS_TO_WAIT_FOR = 1000
"""Attempts beyond which a wait does not grow: floats end at two to the 1024th."""

SHORTEST_WAIT = 0.05
"""Seconds; keeps a strategy that answers zero from turning a relay into a busy loop."""


def clamp_wait(seconds: object) -> float:
    """Bring a wait into the sane range; of nonsense of whatever kind, make the longest one."""
    try:
        wait = float(seconds)  # type: ignore[arg-type]  # others have written it
    except (TypeError, ValueError, OverflowError):
        return LONGEST_WAIT
    return LONGEST_WAIT if math.isnan(wait) else min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long a publisher's messages wait between tries, and when one is given up.

    The four values are tenacity strategies, see https://tenacity.readthedocs.io.
    """

    wait: WaitBaseT = field(default_factory=lambda: wait_random_exponential(multiplier=2, max=1800))
    """Seconds between two tries after trouble at the destination."""

    stop: StopBaseT = field(
        default_factory=lambda: (
            stop_after_attempt(1000) | (stop_after_delay(7 * DAY) & stop_after_attempt(10))
        )
    )
    """When a message in trouble is given up: counted tries, or seconds since it was queued.

    By default after a week, but never for its age alone: a relay that was away for long gives
    each a fair try.
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
        try:
            if stop(state):
                return None
            # wait_exponential computes 2 ** attempts; by then it has long met its maximum.
            state.attempt_number = min(attempts, MOST_ATTEMPTS_TO_WAIT_FOR)
            return clamp_wait(wait(state))
        except Exception:
            logger.exception("A strategy of RETRY has failed; the next try is in a day.")
            return LONGEST_WAIT


def _state_after(attempts: int, age: float) -> RetryCallState:
    """Build what tenacity's strategies look at: so many failed tries over so many seconds."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempts
    state.set_result(None)
    state.outcome_timestamp = time.monotonic()
    state.start_time = state.outcome_timestamp - age
    return state


class Ordering(StrEnum):
    """In which order a publisher gets its messages."""

    NONE = "none"
    """The longest due first; what is tried again comes later."""

    KEY = "key"
    """Of one object, or one key that the action names: as they were committed."""


class OnPoison(StrEnum):
    """What a dead letter does to the later deliveries of its line."""

    BLOCK = "block"
    """All later ones of the publisher wait until a person has dealt with it."""

    PARK = "park"
    """The later ones of its line wait; others flow."""

    SKIP = "skip"
    """They go on without it."""

    SUPERSEDE = "supersede"
    """They go on; the first that arrives replaces it, and it is cancelled.

    One that is about several objects is replaced by one that is about all of them.
    """
