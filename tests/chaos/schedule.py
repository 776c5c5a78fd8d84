"""The schedule of faults, drawn at random before the test starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.chaos.options import LEASE, Options


class Fault(StrEnum):
    """A kind of fault."""

    KILL = "relay killed"
    """Killed with SIGKILL, and replaced by a new one."""
    FREEZE = "relay frozen"
    """Stopped for longer than its lease, then resumed: it still believes it has the lease."""
    RESTART = "PostgreSQL restarted"
    """Crashed and restarted on the same port."""
    BURST = "fault burst"
    """The destinations fail every request for a while."""
    PAUSE = "publisher paused"
    """Paused by an operator, and resumed after a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledFault:
    """A fault at a certain time."""

    after: int
    """Number of effects after which the fault is injected."""

    fault: Fault

    relay: int
    """Number of the relay; with a restart, it is killed while the server is down."""

    seconds: float
    """Duration of the fault; for a kill, its delay."""


DELIVERIES_PER_FAULT = {
    Fault.KILL: 300,
    Fault.FREEZE: 3000,
    Fault.RESTART: 5000,
    Fault.BURST: 3000,
    Fault.PAUSE: 3000,
}
"""Deliveries per fault of each kind; there is at least one of each."""

MIN_KILLS = 3
LATEST_SHARE = 0.9
"""Share of the deliveries after which no fault is injected, as it would hit nothing."""


def plan_faults(options: Options) -> list[ScheduledFault]:
    """Return all faults in chronological order."""
    random = Random(f"{options.seed}:schedule")
    latest = max(1, int(options.deliveries * LATEST_SHARE))
    durations: dict[Fault, Callable[[], float]] = {
        Fault.KILL: lambda: random.uniform(0, 0.3),
        Fault.FREEZE: lambda: LEASE * random.uniform(1.2, 2),
        Fault.RESTART: lambda: random.uniform(0, 1.5),
        Fault.BURST: lambda: random.uniform(0.2, 1.5),
        Fault.PAUSE: lambda: random.uniform(0.1, 1),
    }
    scheduled_faults = [
        ScheduledFault(
            after=random.randint(1, latest),
            fault=fault,
            relay=random.randrange(options.relays),
            seconds=durations[fault](),
        )
        for fault in Fault
        for _ in range(_count(fault, options.deliveries))
    ]
    return sorted(scheduled_faults, key=lambda scheduled: scheduled.after)


def _count(fault: Fault, deliveries: int) -> int:
    return max(MIN_KILLS if fault is Fault.KILL else 1, deliveries // DELIVERIES_PER_FAULT[fault])
