"""One relay per SQLite database, because SQLite has no row locks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files import locks
from django.db import connections, router

from dj_actions.exceptions import RelayAlreadyRunning
from dj_actions.files import SHARED, open_to_append
from dj_actions.models import Delivery


@contextmanager
def single_instance() -> Iterator[None]:
    """Ensure that no other relay serves the same SQLite database.

    Without row locks two relays would send the same deliveries. A lock on a file next to the
    database ends with the process that holds it, even if that is killed.

    Raises:
        RelayAlreadyRunning: another relay holds the lock.
    """
    connection = connections[router.db_for_write(Delivery)]
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]  # of the SQLite backend
        yield
        return
    with open_to_append(Path(f"{name}.relay"), permissions=SHARED) as file:
        if not locks.lock(file, locks.LOCK_EX | locks.LOCK_NB):
            raise RelayAlreadyRunning(
                f"Another relay already serves {name}. SQLite allows only one: stop the other "
                "relay, or use PostgreSQL to run several."
            )
        yield
