"""django-tasks-db: its worker command in batch mode, which ends when no task is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.core.management import call_command
from django.db import connection

from benchmarks.drain.counter import counter
from benchmarks.drain.drainers import Drain


@contextmanager
def open_worker() -> Iterator[Drain]:
    """Set up Django and connect."""
    django.setup()
    connection.ensure_connection()
    yield _drain


def _drain(_limit: int | None) -> int:
    counter.start()
    # Without the random delay at the start, and without a log line per task.
    call_command("db_worker", batch=True, startup_delay=False, reload=False, verbosity=0)
    return counter.jobs
