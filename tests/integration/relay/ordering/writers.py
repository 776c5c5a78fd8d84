"""Writers that commit late: their deliveries have ids long before others can see them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connections, transaction

from tests.integration.relay.ordering.relays import THREAD_TIMEOUT
from tests.integration.relay.ordering.subjects import Recorded, Subject, record


class LateWriter:
    """A transaction on its own thread and connection."""

    def __init__(self) -> None:
        self.uncommitted: list[Recorded] = []
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._transaction = transaction.atomic()

    @property
    def locks(self) -> set[str]:
        """What its actions hold until they commit."""
        return {lock for one in self.uncommitted for lock in one.subject.locks}

    def write(self, subjects: Sequence[Subject]) -> None:
        """Insert deliveries without committing them."""
        self.uncommitted = self._thread.submit(self._write, subjects).result(THREAD_TIMEOUT)

    def commit(self) -> list[Recorded]:
        """Commit the deliveries, if there are any, and return them."""
        if self.uncommitted:
            self._thread.submit(self._transaction.__exit__, None, None, None).result(THREAD_TIMEOUT)
        late, self.uncommitted = self.uncommitted, []
        return late

    def close(self) -> None:
        """End its thread."""
        self.commit()
        self._thread.submit(connections.close_all).result(THREAD_TIMEOUT)
        self._thread.shutdown()

    def _write(self, subjects: Sequence[Subject]) -> list[Recorded]:
        self._transaction.__enter__()
        return record(subjects)
