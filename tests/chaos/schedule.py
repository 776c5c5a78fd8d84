"""When something is killed, and what: drawn before the storm begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.chaos.options import LEASE, Options


class Blow(StrEnum):
    """What happens."""

    KILL = "relay killed"
    """With SIGKILL, and started again."""
    FREEZE = "relay frozen"
    """Stopped for longer than its lease, then awake again: it believes that it still holds it."""
    RESTART = "PostgreSQL restarted"
    """As after a crash, on the same port."""
    SQUALL = "squall"
    """The destination answers nothing well for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One blow at one moment."""

    after: int
    """Effects that there have to be first."""

    blow: Blow

    relay: int
    """Which relay is meant, from 0; that of a restart is killed while the server is down."""

    seconds: float
    """How long it lasts; for a kill, how long after the moment it comes."""


EVERY = {Blow.KILL: 300, Blow.FREEZE: 3000, Blow.RESTART: 5000, Blow.SQUALL: 3000}
"""Deliveries to one blow of each kind; there is at least one of each."""

LEAST_KILLS = 3
LAST_MOMENT = 0.9
"""Of all deliveries: what is struck later would not be missed."""


def plan(options: Options) -> list[Strike]:
    """Draw all blows, in the order in which they come."""
    random = Random(f"{options.seed}:schedule")
    latest = max(1, int(options.deliveries * LAST_MOMENT))
    lasts: dict[Blow, Callable[[], float]] = {
        Blow.KILL: lambda: random.uniform(0, 0.3),
        Blow.FREEZE: lambda: LEASE * random.uniform(1.2, 2),
        Blow.RESTART: lambda: random.uniform(0, 1.5),
        Blow.SQUALL: lambda: random.uniform(0.2, 1.5),
    }
    strikes = [
        Strike(
            after=random.randint(1, latest),
            blow=blow,
            relay=random.randrange(options.relays),
            seconds=lasts[blow](),
        )
        for blow in Blow
        for _ in range(_times(blow, options.deliveries))
    ]
    return sorted(strikes, key=lambda strike: strike.after)


def _times(blow: Blow, deliveries: int) -> int:
    return max(LEAST_KILLS if blow is Blow.KILL else 1, deliveries // EVERY[blow])
