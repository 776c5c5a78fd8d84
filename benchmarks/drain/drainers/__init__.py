"""What each contender's own process does: empty the backlog that it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from django.utils.module_loading import import_string

Drain = Callable[[int | None], int]
"""Do what is due, at most so many jobs if a number is given; return how many were done."""

DRAINERS: Mapping[str, str] = {
    "limit": "benchmarks.drain.drainers.limit.open_limit",
    "dj_actions": "benchmarks.drain.drainers.relay.open_relay",
    "procrastinate": "benchmarks.drain.drainers.procrastinate.open_worker",
    "django_tasks": "benchmarks.drain.drainers.django_tasks.open_worker",
}
"""Name of a contender → what opens it; imported only where it is needed."""


def open_drainer(name: str) -> AbstractContextManager[Drain]:
    """Connect a contender, and disconnect it when the block ends."""
    opened: AbstractContextManager[Drain] = import_string(DRAINERS[name])()
    return opened
