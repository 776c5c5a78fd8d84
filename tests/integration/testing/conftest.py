"""Two publishers, of which one can be configured to fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings
from tenacity import wait_fixed

MEMORY = "dj_actions.publishers.memory.MemoryPublisher"
FAILING = "dj_actions.testing.FailingPublisher"

HOUR = 3600
"""Seconds between two tries of a delivery that failed."""

Configure = Callable[..., None]


@pytest.fixture
def configure(settings: Settings) -> Configure:
    """Return a function that sets the two up: `configure(times=2, error="RateLimited")`."""

    def configure(backend: str = FAILING, **options: Any) -> None:
        first = {
            "BACKEND": backend,
            "OPTIONS": options,
            "ROUTES": {"todo.*": {"group": "todos"}},
            "RETRY": {"wait": wait_fixed(HOUR)},
            "BATCH_SIZE": 4,
        }
        second = {"BACKEND": MEMORY, "ROUTES": ["todo.mark_done", "todo.bulk_*"]}
        settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": first, "pipelines": second}}

    configure(times=0)
    return configure
