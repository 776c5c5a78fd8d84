"""django-reliable-outbox: its worker command in burst mode, which ends when nothing is due."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.core.management import call_command

from benchmarks.drain.counter import counter
from benchmarks.drain.drainers import Drain


@contextmanager
def open_worker() -> Iterator[Drain]:
    """Set up Django; the worker's threads connect themselves at each start."""
    django.setup()
    yield _drain


def _drain(_limit: int | None) -> int:
    counter.start()
    call_command("outbox_worker", burst=True, concurrency=int(os.environ["BENCHMARK_LANES"]))
    return counter.jobs
