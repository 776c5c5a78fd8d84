"""How often the remote runs of a publisher are checked, each by itself."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from dj_actions.messages import RemoteRun
from dj_actions.models import Delivery
from dj_actions.outbox.queries import HINTED
from dj_actions.states import RemoteState

INTERVAL_SHARE_OF_AGE = 0.1
"""Share of its age after which a running run is checked again: old runs are checked less often."""

MAX_INTERVAL = 300.0
"""Seconds between two checks of a running run, at most, unless the destination lists changes."""

EARLY_SHARE = 0.5
"""Share of the usual duration before which a running run is not checked again."""

FIRST_CHECK = 10.0
"""Seconds after its delivery before which a run is not checked by itself, if changes are listed."""

MIN_LISTED_INTERVAL, MAX_LISTED_INTERVAL = 60.0, 1800.0
"""Seconds between two checks of a running run if the destination lists changes. They find only
what such a list does not have: a run that was deleted, and why a run does not advance."""

LISTED_SHARE_OF_AGE = 0.5
"""Share of its age after which it is checked again in that case."""

FIRST_ENDED_CHECK = 60.0
"""Seconds after its end at which a run is checked again; each further time takes twice as long."""

MAX_SCOPES = 1000
"""Numbers of DAGs whose usual durations are kept."""

WEIGHT = 0.3
"""Weight of the latest duration in the usual one."""


@dataclass(kw_only=True)
class RunPace:
    """When each remote run of a publisher is checked next; it learns how long they take."""

    interval: float
    """Shortest time in seconds between two checks of a run: TRACK_INTERVAL."""

    horizon: float = 0.0
    """Seconds after its end for which a run is followed; zero if its end is final."""

    changes_known: bool = False
    """Whether the destination lists the runs that have changed."""

    _durations: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def learn(self, delivery: Delivery, run: RemoteRun) -> None:
        """Remember how long a run of its kind takes."""
        if run.duration is None or run.duration < 0:
            return
        scope = delivery.receipt_scope
        usual = self._durations.pop(scope, run.duration)
        self._durations[scope] = usual + WEIGHT * (run.duration - usual)
        if len(self._durations) > MAX_SCOPES:
            self._durations.popitem(last=False)

    def first_wait(self, delivery: Delivery) -> float:
        """Return the seconds for which a run that was never checked need not be checked."""
        if delivery.remote_detail == HINTED:
            return 0.0
        # A receipt is recorded with the time at which its run is checked.
        if not self.changes_known or delivery.remote_check_at != delivery.settled_at:
            return 0.0
        usual = self._durations.get(delivery.receipt_scope, 0.0)
        return max(0.0, min(max(FIRST_CHECK, usual), MAX_INTERVAL) - _age(delivery))

    def next_wait(self, delivery: Delivery, state: RemoteState) -> float | None:
        """Return the seconds until the next check of a run in this state; None for never."""
        if state != RemoteState.RUNNING:
            return self._wait_after_end(delivery, state)
        age, usual = _age(delivery), self._durations.get(delivery.receipt_scope, 0.0)
        if self.changes_known:
            wait = max(usual, age * LISTED_SHARE_OF_AGE, MIN_LISTED_INTERVAL, self.interval)
            return min(wait, max(MAX_LISTED_INTERVAL, self.interval))
        wait = max(age * INTERVAL_SHARE_OF_AGE, usual * EARLY_SHARE - age)
        return max(self.interval, min(wait, MAX_INTERVAL))

    def _wait_after_end(self, delivery: Delivery, state: RemoteState) -> float | None:
        """Return the wait after an end, which may be as old as it is recorded or new."""
        is_new = delivery.remote_state != state or delivery.remote_ended_at is None
        ended_at = delivery.claimed_at if is_new else delivery.remote_ended_at
        age = max(0.0, (delivery.claimed_at - ended_at).total_seconds()) if ended_at else 0.0
        if age >= self.horizon:
            return None
        return min(max(FIRST_ENDED_CHECK, self.interval, age), self.horizon - age)


def _age(delivery: Delivery) -> float:
    """Return the seconds since the run was started, or started again."""
    since = delivery.remote_changed_at or delivery.settled_at or delivery.claimed_at
    return max(0.0, (delivery.claimed_at - since).total_seconds())
