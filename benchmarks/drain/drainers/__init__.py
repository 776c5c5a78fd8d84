"""The drainers that each candidate's process runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from django.utils.module_loading import import_string

Drain = Callable[[int | None], int]
"""Do the pending jobs, at most as many as the limit, and return how many were done."""

DRAINERS: Mapping[str, str] = {
    "limit": "benchmarks.drain.drainers.limit.open_limit",
    "dj_actions": "benchmarks.drain.drainers.relay.open_relay",
    "reliable_outbox": "benchmarks.drain.drainers.reliable_outbox.open_worker",
    "procrastinate": "benchmarks.drain.drainers.procrastinate.open_worker",
    "django_tasks": "benchmarks.drain.drainers.django_tasks.open_worker",
}
"""Name of a candidate → dotted path of its context manager, imported on use."""


def open_drainer(name: str) -> AbstractContextManager[Drain]:
    """Connect a candidate for the duration of the block."""
    opened: AbstractContextManager[Drain] = import_string(DRAINERS[name])()
    return opened
