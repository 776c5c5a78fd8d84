"""Settings of the destination benchmark: defaults, except CONCURRENCY."""

from __future__ import annotations

import os

from benchmarks.settings import *  # noqa: F403 - a variation of these settings

DJ_ACTIONS = {
    "PUBLISHERS": {
        "destination": {
            "BACKEND": "benchmarks.destination.publisher.HttpPublisher",
            "CONCURRENCY": int(os.environ.get("BENCHMARK_CONCURRENCY", "1")),
            "OPTIONS": {
                "port": int(os.environ.get("BENCHMARK_PORT", "0")),
                "path": os.environ.get("BENCHMARK_PATH", "/0"),
            },
        },
    },
}
