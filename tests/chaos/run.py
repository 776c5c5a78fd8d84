"""Run the chaos test: writers, relays and faults, until no delivery is open."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.db import connection
from django.db.models import Sum

from dj_actions.models import Delivery
from dj_actions.operations import pause, resume
from example.launch.postgres import Postgres
from tests.chaos.destination import Destination
from tests.chaos.options import BATCH_SIZE, ORDERED, UNORDERED, Options
from tests.chaos.outcomes import OutcomeLog
from tests.chaos.reconciliation import (
    discrepancies,
    order_of_deliveries,
    out_of_order,
    read_records,
    summarize,
)
from tests.chaos.relays import Relays
from tests.chaos.report import Finding, Report
from tests.chaos.schedule import Fault, ScheduledFault, plan_faults
from tests.chaos.writers import Writers, prepare_todos

MAX_BACKLOG = 200
"""Committed events without an effect; beyond it writers wait, so they write throughout."""

POLL_SECONDS = 0.02
"""Seconds between two checks of a condition."""

Progress = Callable[[str], None]
"""Called with a line about the progress."""


class ChaosTimeout(Exception):
    """The test exceeded its time limit; the message has what it waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The running services of the test."""

    server: Postgres
    destinations: Mapping[str, Destination]
    """By alias of their publisher."""

    folder: Path
    """Folder for the relays' logs."""


class ChaosTest:
    """A chaos test.

    Args:
        options: the options.
        services: the running server and destination.
        progress: called with a line for each step.
    """

    def __init__(self, options: Options, services: Services, progress: Progress) -> None:
        self._options = options
        self._services = services
        self._progress = progress
        self._effects = {
            alias: destination.effects for alias, destination in services.destinations.items()
        }
        self._outcome_log = OutcomeLog()
        self._faults: Counter[Fault] = Counter()
        self._started = time.monotonic()

    def run(self) -> Report:
        """Run the test and return the report."""
        findings: list[Finding] = []
        prepare_todos()
        with (
            Relays(self._options.relays, self._services.folder) as relays,
            Writers(self._options, self._outcome_log, self._may_continue) as writers,
        ):
            try:
                self._inject_faults(relays, writers)
            except ChaosTimeout as error:
                findings.append(Finding(what=str(error)))
            relays.stop()
            findings += [Finding(what=problem) for problem in relays.unexpected]
        return self._report(findings)

    def _may_continue(self) -> bool:
        return self._outcome_log.committed - self._fewest_effects < MAX_BACKLOG

    @property
    def _fewest_effects(self) -> int:
        """Number of effects at the destination that has the fewest."""
        return min(len(effects) for effects in self._effects.values())

    def _inject_faults(self, relays: Relays, writers: Writers) -> None:
        for scheduled in plan_faults(self._options):
            self._wait(partial(self._has_effects, scheduled.after), "the next effects", writers)
            self._progress(f"{scheduled.after:>6} effects: {scheduled.fault}")
            self._inject(scheduled, relays)
        self._wait(lambda: writers.have_finished, "the writers", writers)
        relays.wait_until_resumed()
        # A relay that is stopped before it has started does not handle the signal.
        self._wait(lambda: relays.have_started, "the relays", writers)
        self._wait(lambda: not Delivery.objects.open().exists(), "open deliveries", writers)
        destinations = self._services.destinations.values()
        self._wait(lambda: all(one.is_idle for one in destinations), "the destinations", writers)

    def _has_effects(self, count: int) -> bool:
        return self._fewest_effects >= count

    def _inject(self, scheduled: ScheduledFault, relays: Relays) -> None:
        self._faults[scheduled.fault] += 1
        if scheduled.fault is Fault.KILL:
            time.sleep(scheduled.seconds)
            relays.kill(scheduled.relay)
        elif scheduled.fault is Fault.FREEZE:
            relays.freeze(scheduled.relay, scheduled.seconds)
        elif scheduled.fault is Fault.BURST:
            for destination in self._services.destinations.values():
                destination.faults.start_burst(scheduled.seconds)
        elif scheduled.fault is Fault.PAUSE:
            _pause(scheduled.seconds)
        else:
            self._restart(scheduled, relays)

    def _restart(self, scheduled: ScheduledFault, relays: Relays) -> None:
        server = self._services.server
        server.crash()
        relays.kill(scheduled.relay)
        self._faults[Fault.KILL] += 1
        time.sleep(scheduled.seconds)
        server.restart()

    def _wait(self, condition: Callable[[], bool], label: str, writers: Writers) -> None:
        while not condition():
            if time.monotonic() - self._started > self._options.seconds_limit:
                limit = self._options.seconds_limit
                raise ChaosTimeout(f"Not finished after {limit:.0f} s while waiting for {label}.")
            _ = writers.have_finished  # raises the unexpected error of a writer
            time.sleep(POLL_SECONDS)

    def _report(self, findings: list[Finding]) -> Report:
        seconds = time.monotonic() - self._started
        records = {
            alias: read_records(alias, self._outcome_log, effects)
            for alias, effects in self._effects.items()
        }
        disorder = list(out_of_order(order_of_deliveries(ORDERED), list(records[ORDERED].receipts)))
        attempts = Delivery.objects.aggregate(attempts=Sum("attempts"))["attempts"]
        connection.close()
        return Report(
            figures={
                "seed": self._options.seed,
                **summarize(records[UNORDERED]),
                "effects in order": len(records[ORDERED].receipts),
                "repeats suppressed by the destination": self._total("repeats"),
                "requests repeated after a successful response": self._total("redundant"),
                "requests at the destination": self._responses().total(),
                "attempts counted by the relays": attempts or 0,
                **{f"{fault} (times)": self._faults[fault] for fault in Fault},
                "tracebacks in the relays' logs": _tracebacks(self._services.folder),
                "seconds": round(seconds, 1),
            },
            responses=dict(sorted(self._responses().items())),
            findings=[
                *findings,
                *self._redundant(),
                *(finding for own in records.values() for finding in discrepancies(own)),
                *disorder,
            ],
        )

    def _total(self, figure: str) -> int:
        return sum(getattr(effects, figure) for effects in self._effects.values())

    def _responses(self) -> Counter[str]:
        return sum((effects.responses for effects in self._effects.values()), Counter())

    def _redundant(self) -> Iterator[Finding]:
        """Yield a finding if relays repeat more requests than the faults explain.

        A killed or frozen relay loses the responses of its current batch; a restart of the server
        affects all relays.
        """
        lost_batches = len(self._effects) * (
            self._faults[Fault.KILL]
            + self._faults[Fault.FREEZE]
            + self._faults[Fault.RESTART] * self._options.relays
        )
        if (redundant := self._total("redundant")) > (limit := lost_batches * BATCH_SIZE):
            yield Finding(
                what=f"{redundant} requests were repeated after a successful response; "
                f"the faults explain at most {limit}"
            )


def _pause(seconds: float) -> None:
    pause(UNORDERED, ORDERED, actor=None, reason="chaos")
    time.sleep(seconds)
    resume(UNORDERED, ORDERED, actor=None, reason="chaos")
    connection.close()  # it would not survive the next restart


def _tracebacks(folder: Path) -> int:
    logs = (log.read_text(errors="replace") for log in folder.glob("relay-*.log"))
    return sum(log.count("Traceback (most recent call last)") for log in logs)


def run_chaos_test(options: Options, services: Services, progress: Progress) -> Report:
    """Run the test and return the report."""
    return ChaosTest(options, services, progress).run()
