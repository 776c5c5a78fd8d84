"""The deliveries that are pending, and which of them the database says are delivered."""

from __future__ import annotations

from collections.abc import Collection

import psycopg

from benchmarks.drain.candidates import EVENTS
from benchmarks.errors import BenchmarkError

LOAD = f"""{EVENTS}
    INSERT INTO dj_actions_delivery (event_id, publisher, available_at)
    SELECT id, 'destination', now() - (%(count)s - object_id::int) * interval '1 ms'
    FROM events ORDER BY object_id::int
"""
DELIVERED = """
    SELECT event_id::text FROM dj_actions_delivery
    WHERE state = 'delivered' AND attempts = 1 AND receipt_id = event_id::text
"""
PENDING = "SELECT event_id::text FROM dj_actions_delivery WHERE state = 'pending' AND attempts = 0"


class DeliveryError(BenchmarkError):
    """A message was not received exactly once, or its row does not show it."""


class Backlog:
    """The deliveries in the database.

    Args:
        url: URL of the database.
        count: how many are pending at the start of each turn.
    """

    def __init__(self, url: str, count: int) -> None:
        self._url = url
        self._count = count

    def load(self) -> None:
        """Delete all deliveries and create new ones."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("TRUNCATE dj_actions_actionevent, dj_actions_delivery CASCADE")
            connection.execute(LOAD, {"count": self._count})
            connection.execute("ANALYZE dj_actions_actionevent, dj_actions_delivery")

    def verify(self, received: Collection[str]) -> None:
        """Compare the rows with the ids that the destination has received.

        Raises:
            DeliveryError: other deliveries are delivered, or the rest is not pending.
        """
        delivered, pending = self._ids(DELIVERED), self._ids(PENDING)
        if delivered != set(received) or len(delivered) + len(pending) != self._count:
            raise DeliveryError(
                f"The destination received {len(received)} messages; in the database are "
                f"{len(delivered)} delivered in one attempt and {len(pending)} untried ones of "
                f"{self._count}."
            )

    def _ids(self, statement: str) -> set[str]:
        with psycopg.connect(self._url) as connection:
            return {row[0] for row in connection.execute(statement)}
