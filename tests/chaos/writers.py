"""Writers that run actions on their own connections and roll some of them back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import NoReturn, Self
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import Error, connection, transaction

from example.todos.models import Todo
from tests.chaos.actions import WriteNote
from tests.chaos.options import Options
from tests.chaos.outcomes import Outcome, OutcomeLog

WRITERS = 4
TODOS = 20
"""Few, so that writers contend: they wait for each other's locks, and sometimes deadlock."""

ROLLED_BACK, PARTIAL_ROLLBACK, DELAYED_COMMIT = 0.1, 0.05, 0.1
"""Probability that a transaction rolls back, rolls back partly, or commits with a delay."""

MAX_COMMIT_DELAY = 0.05  # seconds
ERROR_WAIT = 0.05  # seconds


class IntentionalRollback(Exception):
    """Raised to roll back a transaction on purpose."""


def roll_back() -> NoReturn:
    """Roll back the innermost `atomic` block."""
    raise IntentionalRollback


class Writer:
    """A writer.

    Args:
        random: its random generator.
        outcome_log: log of the outcomes of its events.
        stopping: set when the writer must stop.
    """

    def __init__(self, random: Random, outcome_log: OutcomeLog, stopping: threading.Event) -> None:
        self._random = random
        self._outcome_log = outcome_log
        self._stopping = stopping
        self._todos = list(Todo.objects.all())
        self._written = 0

    def transact(self) -> None:
        """Run one to three actions in one transaction and record their outcome."""
        events: list[UUID] = []
        outcome = Outcome.ABORTED
        try:
            with transaction.atomic():
                self._run_actions(events)
                if self._draw(ROLLED_BACK):
                    outcome = Outcome.ROLLED_BACK
                    roll_back()
                if self._draw(DELAYED_COMMIT):
                    self._stopping.wait(self._random.uniform(0, MAX_COMMIT_DELAY))
                outcome = Outcome.IN_DOUBT
            outcome = Outcome.COMMITTED
        except IntentionalRollback:
            pass
        except Error:
            connection.close()
            self._stopping.wait(ERROR_WAIT)
        self._outcome_log.record(events, outcome)

    def _run_actions(self, events: list[UUID]) -> None:
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            self._write_note(events)
        if self._draw(PARTIAL_ROLLBACK):
            rolled_back: list[UUID] = []
            with suppress(IntentionalRollback), transaction.atomic():
                self._write_note(rolled_back)
                roll_back()
            self._outcome_log.record(rolled_back, Outcome.ROLLED_BACK)

    def _write_note(self, events: list[UUID]) -> None:
        self._written += 1
        todo = self._random.choice(self._todos)
        result = WriteNote.run(object=todo, data={"text": f"Note {self._written}"})
        events.append(result.event.id)

    def _draw(self, probability: float) -> bool:
        return self._random.random() < probability


class Writers:
    """All writers, which run until the end of the `with` block.

    Args:
        options: the options of the test.
        outcome_log: log of the outcomes of their events.
        may_continue: called before each transaction; False while the relays lag behind.
    """

    def __init__(
        self, options: Options, outcome_log: OutcomeLog, may_continue: Callable[[], bool]
    ) -> None:
        self._target = options.deliveries
        self._outcome_log = outcome_log
        self._may_continue = may_continue
        self._stopping = threading.Event()
        self._executor = ThreadPoolExecutor(WRITERS)
        self._futures: list[Future[None]] = [
            self._executor.submit(self._write, Random(f"{options.seed}:writer {number}"))
            for number in range(WRITERS)
        ]

    @property
    def have_finished(self) -> bool:
        """Whether all events are committed.

        Raises:
            Exception: an unexpected error of a writer.
        """
        finished = [future for future in self._futures if future.done()]
        for future in finished:
            future.result()
        return len(finished) == len(self._futures)

    def _write(self, random: Random) -> None:
        writer = Writer(random, self._outcome_log, self._stopping)
        try:
            while self._outcome_log.committed < self._target and not self._stopping.is_set():
                if self._may_continue():
                    writer.transact()
                else:
                    self._stopping.wait(ERROR_WAIT)
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._executor.shutdown()


def prepare_todos() -> None:
    """Create the todos of the writers."""
    ann = get_user_model()._default_manager.create(username="ann")
    Todo.objects.bulk_create(Todo(title=f"Todo {number}", owner=ann) for number in range(TODOS))
    connection.close()  # it would not survive the first restart
