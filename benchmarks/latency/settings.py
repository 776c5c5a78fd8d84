"""Settings of the latency benchmark: a publisher that records when it is called."""

from __future__ import annotations

import os

from benchmarks.settings import *  # noqa: F403 - a variation of these settings

DJ_ACTIONS = {
    "PUBLISHERS": {
        "clock": {
            "BACKEND": "benchmarks.latency.clock.ClockPublisher",
            "ROUTES": ["todo.*"],
            "ORDERING": os.environ.get("BENCHMARK_ORDERING", "none"),
        },
    },
}
