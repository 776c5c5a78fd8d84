"""The storm itself: all parts at once, blow after blow, until nothing is open any more."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.db import connection
from django.db.models import Sum

from dj_actions.models import Delivery
from example.launch.postgres import Postgres
from tests.chaos.account import discrepancies, figures_of, read_books
from tests.chaos.destination import Destination
from tests.chaos.ledger import Ledger
from tests.chaos.options import BATCH_SIZE, Options
from tests.chaos.relays import Relays
from tests.chaos.report import Finding, Report
from tests.chaos.schedule import Blow, Strike, plan
from tests.chaos.writers import Writers, prepare_todos

BACKLOG = 200
"""Committed events without an effect at which the writers wait: so they write all the time."""

GLANCE = 0.02
"""Seconds between two looks at a condition."""

Tell = Callable[[str], None]
"""Told what is going on, in a line for people."""


class TimeUp(Exception):
    """It has not ended in time; the message says what it waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the storm rages over."""

    server: Postgres
    destination: Destination
    folder: Path
    """Takes the relays' logs."""


class Storm:
    """One storm.

    Args:
        options: how long and how hard.
        parts: the server and the destination; they serve already.
        tell: told what is going on.
    """

    def __init__(self, options: Options, parts: Parts, tell: Tell) -> None:
        self._options = options
        self._parts = parts
        self._tell = tell
        self._effects = parts.destination.effects
        self._ledger = Ledger()
        self._blows: Counter[Blow] = Counter()
        self._started = time.monotonic()

    def run(self) -> Report:
        """Let it storm and return the account."""
        findings: list[Finding] = []
        prepare_todos()
        with (
            Relays(self._options.relays, self._parts.folder) as relays,
            Writers(self._options, self._ledger, self._may_write) as writers,
        ):
            try:
                self._rage(relays, writers)
            except TimeUp as error:
                findings.append(Finding(what=str(error)))
            relays.stop()
            findings += [Finding(what=what) for what in relays.unexpected]
        return self._report(findings)

    def _may_write(self) -> bool:
        return self._ledger.committed - len(self._effects) < BACKLOG

    def _rage(self, relays: Relays, writers: Writers) -> None:
        for strike in plan(self._options):
            self._wait(partial(self._has_had, strike.after), "the next effects", writers)
            self._tell(f"{strike.after:>6} effects: {strike.blow}")
            self._strike(strike, relays)
        self._wait(lambda: writers.have_ended, "the writers", writers)
        relays.wait_until_awake()
        # One that was asked to end before it has begun would not know how.
        self._wait(lambda: relays.have_begun, "the relays", writers)
        self._wait(lambda: not Delivery.objects.open().exists(), "open deliveries", writers)
        self._wait(lambda: self._parts.destination.is_idle, "the destination", writers)

    def _has_had(self, effects: int) -> bool:
        return len(self._effects) >= effects

    def _strike(self, strike: Strike, relays: Relays) -> None:
        self._blows[strike.blow] += 1
        if strike.blow is Blow.KILL:
            time.sleep(strike.seconds)
            relays.kill(strike.relay)
        elif strike.blow is Blow.FREEZE:
            relays.freeze(strike.relay, strike.seconds)
        elif strike.blow is Blow.SQUALL:
            self._parts.destination.weather.squall(strike.seconds)
        else:
            self._restart(strike, relays)

    def _restart(self, strike: Strike, relays: Relays) -> None:
        server = self._parts.server
        server.crash()
        relays.kill(strike.relay)
        self._blows[Blow.KILL] += 1
        time.sleep(strike.seconds)
        server.restart()

    def _wait(self, condition: Callable[[], bool], what: str, writers: Writers) -> None:
        while not condition():
            if time.monotonic() - self._started > self._options.seconds_limit:
                limit = self._options.seconds_limit
                raise TimeUp(f"Not ended after {limit:.0f} s: it waited for {what}.")
            _ = writers.have_ended  # raises what a writer did not expect
            time.sleep(GLANCE)

    def _report(self, findings: list[Finding]) -> Report:
        books, seconds = read_books(self._ledger, self._effects), time.monotonic() - self._started
        counted = Delivery.objects.aggregate(attempts=Sum("attempts"))["attempts"]
        connection.close()
        return Report(
            figures={
                "seed": self._options.seed,
                **figures_of(books),
                "repeats suppressed by the destination": self._effects.repeats,
                "asked for again after a good answer": self._effects.needless,
                "requests at the destination": self._effects.answers.total(),
                "attempts counted by the relays": counted or 0,
                **{f"{blow} (times)": self._blows[blow] for blow in Blow},
                "tracebacks in the relays' logs": _tracebacks(self._parts.folder),
                "seconds": round(seconds, 1),
            },
            answers=dict(sorted(self._effects.answers.items())),
            findings=[*findings, *self._needless(), *discrepancies(books)],
        )

    def _needless(self) -> Iterator[Finding]:
        """Yield if relays ask again more often than what was done to them explains.

        Who is killed or frozen forgets the answers of the batch in its hands; a restart makes
        all of them forget.
        """
        forgetful = (
            self._blows[Blow.KILL]
            + self._blows[Blow.FREEZE]
            + self._blows[Blow.RESTART] * self._options.relays
        )
        if (needless := self._effects.needless) > (most := forgetful * BATCH_SIZE):
            yield Finding(
                what=f"{needless} requests came after a good answer; the blows explain {most}"
            )


def _tracebacks(folder: Path) -> int:
    logs = (log.read_text(errors="replace") for log in folder.glob("relay-*.log"))
    return sum(log.count("Traceback (most recent call last)") for log in logs)


def rage(options: Options, parts: Parts, tell: Tell) -> Report:
    """Let it storm and return the account."""
    return Storm(options, parts, tell).run()
