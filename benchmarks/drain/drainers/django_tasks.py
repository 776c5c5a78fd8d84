"""django-tasks-db: its worker command in batch mode, which ends when nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.core.management import call_command
from django.db import connection

from benchmarks.drain.drainers import Drain
from benchmarks.drain.tally import tally


@contextmanager
def open_worker() -> Iterator[Drain]:
    """Set Django up and connect."""
    django.setup()
    connection.ensure_connection()
    yield _drain


def _drain(_limit: int | None) -> int:
    tally.begin()
    # Not told to wait at random before it begins, nor to write a line for each task.
    call_command("db_worker", batch=True, startup_delay=False, reload=False, verbosity=0)
    return tally.jobs
