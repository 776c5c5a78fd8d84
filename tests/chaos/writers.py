"""Writers: each runs actions on its own connection, commits most, and takes some back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import NoReturn, Self
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import Error, connection, transaction

from example.todos.models import Todo
from tests.chaos.actions import WriteNote
from tests.chaos.ledger import Fate, Ledger
from tests.chaos.options import Options

WRITERS = 4
TODOS = 20
"""Few, so that writers meet on one: they wait for each other, and deadlock now and then."""

ROLLED_BACK, PARTLY_ROLLED_BACK, HESITATES = 0.1, 0.05, 0.1
"""How likely a transaction is taken back, takes a part of itself back, commits late."""

LONGEST_HESITATION = 0.05
"""Seconds."""

WAIT_AFTER_TROUBLE = 0.05
"""Seconds."""


class ChangedMyMind(Exception):
    """Raised to roll back what has been done."""


def change_my_mind() -> NoReturn:
    """Roll back the innermost `atomic` block, after all went well in it."""
    raise ChangedMyMind


class Writer:
    """One writer.

    Args:
        random: its lots.
        ledger: where it writes down what became of its events.
        stopping: set when it is to end.
    """

    def __init__(self, random: Random, ledger: Ledger, stopping: threading.Event) -> None:
        self._random = random
        self._ledger = ledger
        self._stopping = stopping
        self._todos = list(Todo.objects.all())
        self._written = 0

    def transact(self) -> None:
        """Run one to three actions in one transaction and note what became of them."""
        done: list[UUID] = []
        fate = Fate.ABORTED
        try:
            with transaction.atomic():
                self._act(done)
                if self._draw(ROLLED_BACK):
                    fate = Fate.ROLLED_BACK
                    change_my_mind()
                if self._draw(HESITATES):
                    self._stopping.wait(self._random.uniform(0, LONGEST_HESITATION))
                fate = Fate.IN_DOUBT
            fate = Fate.COMMITTED
        except ChangedMyMind:
            pass
        except Error:
            connection.close()
            self._stopping.wait(WAIT_AFTER_TROUBLE)
        self._ledger.note(done, fate)

    def _act(self, done: list[UUID]) -> None:
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            self._write_note(done)
        if self._draw(PARTLY_ROLLED_BACK):
            undone: list[UUID] = []
            with suppress(ChangedMyMind), transaction.atomic():
                self._write_note(undone)
                change_my_mind()
            self._ledger.note(undone, Fate.ROLLED_BACK)

    def _write_note(self, written: list[UUID]) -> None:
        self._written += 1
        todo = self._random.choice(self._todos)
        result = WriteNote.run(object=todo, data={"text": f"Note {self._written}"})
        written.append(result.event.id)

    def _draw(self, likelihood: float) -> bool:
        return self._random.random() < likelihood


class Writers:
    """All writers; leaving the `with` block ends them.

    Args:
        options: of the storm.
        ledger: where they write down what became of their events.
        may_go_on: asked before each transaction; false where the relays lag behind.
    """

    def __init__(self, options: Options, ledger: Ledger, may_go_on: Callable[[], bool]) -> None:
        self._wanted = options.deliveries
        self._ledger = ledger
        self._may_go_on = may_go_on
        self._stopping = threading.Event()
        self._executor = ThreadPoolExecutor(WRITERS)
        self._ends: list[Future[None]] = [
            self._executor.submit(self._write, Random(f"{options.seed}:writer {number}"))
            for number in range(WRITERS)
        ]

    @property
    def have_ended(self) -> bool:
        """Whether all that was wanted is committed.

        Raises:
            Exception: what a writer did not expect.
        """
        ended = [end for end in self._ends if end.done()]
        for end in ended:
            end.result()
        return len(ended) == len(self._ends)

    def _write(self, random: Random) -> None:
        writer = Writer(random, self._ledger, self._stopping)
        try:
            while self._ledger.committed < self._wanted and not self._stopping.is_set():
                if self._may_go_on():
                    writer.transact()
                else:
                    self._stopping.wait(WAIT_AFTER_TROUBLE)
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._executor.shutdown()


def prepare_todos() -> None:
    """Make what the writers write on."""
    ann = get_user_model()._default_manager.create(username="ann")
    Todo.objects.bulk_create(Todo(title=f"Todo {number}", owner=ann) for number in range(TODOS))
    connection.close()  # this thread's would not survive the first restart
