"""Settings of the writers and relays: the example's, with one publisher and short intervals."""

from __future__ import annotations

import os

from tenacity import stop_after_attempt, wait_random

from example.project.settings import *  # noqa: F403 - the example's settings, but for what follows
from example.project.settings import DATABASES
from tests.chaos.options import BATCH_SIZE, LEASE

DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5}
DJ_ACTIONS = {
    "PUBLISHERS": {
        "chaos": {
            "BACKEND": "tests.chaos.publisher.ChaosPublisher",
            "OPTIONS": {"port": int(os.environ["CHAOS_PORT"])},
            # Retries must not be exhausted: a dead letter counts as lost.
            "RETRY": {"wait": wait_random(0.05, 0.4), "stop": stop_after_attempt(1000)},
            "BATCH_SIZE": BATCH_SIZE,
        },
    },
    "LEASE": LEASE,
    "POLL_INTERVAL": 0.05,
}
