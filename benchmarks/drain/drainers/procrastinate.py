"""procrastinate: its async worker with ten jobs at a time, which ends when it has caught up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

from benchmarks.drain.drainers import Drain
from benchmarks.drain.tally import tally

CONCURRENCY = 10


@contextmanager
def open_worker() -> Iterator[Drain]:
    """Open the worker's pool of connections, on one event loop for all that follows."""
    django.setup()
    from procrastinate.contrib.django import app  # noqa: PLC0415 - needs Django to be set up

    with (
        asyncio.Runner() as runner,
        app.replace_connector(app.connector.get_worker_connector()) as worker_app,
    ):

        def drain(_limit: int | None) -> int:
            tally.begin()
            runner.run(
                worker_app.run_worker_async(
                    concurrency=CONCURRENCY, wait=False, install_signal_handlers=False
                )
            )
            return tally.jobs

        runner.run(_open(worker_app))
        try:
            yield drain
        finally:
            runner.run(worker_app.close_async())


async def _open(app: Any) -> None:
    await app.open_async()
