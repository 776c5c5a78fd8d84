"""procrastinate: its async worker with concurrency 10, which ends when no job is left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

from benchmarks.drain.counter import counter
from benchmarks.drain.drainers import Drain

CONCURRENCY = 10


@contextmanager
def open_worker() -> Iterator[Drain]:
    """Open the worker's connection pool, on one event loop for all drains."""
    django.setup()
    from procrastinate.contrib.django import app  # noqa: PLC0415 - needs Django to be set up

    with (
        asyncio.Runner() as runner,
        app.replace_connector(app.connector.get_worker_connector()) as worker_app,
    ):

        def drain(_limit: int | None) -> int:
            counter.start()
            runner.run(
                worker_app.run_worker_async(
                    concurrency=CONCURRENCY, wait=False, install_signal_handlers=False
                )
            )
            return counter.jobs

        runner.run(_open(worker_app))
        try:
            yield drain
        finally:
            runner.run(worker_app.close_async())


async def _open(app: Any) -> None:
    await app.open_async()
