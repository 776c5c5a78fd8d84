"""Settings of the writers and relays: the example's, with two publishers and short intervals."""

from __future__ import annotations

import os

from tenacity import stop_after_attempt, wait_random

from example.project.settings import *  # noqa: F403 - the example's settings, but for what follows
from example.project.settings import DATABASES
from tests.chaos.options import BATCH_SIZE, LEASE, ORDERED, UNORDERED

DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5}
PUBLISHER = {
    "BACKEND": "tests.chaos.publisher.ChaosPublisher",
    # Retries must not be exhausted: a dead letter counts as lost.
    "RETRY": {"wait": wait_random(0.05, 0.4), "stop": stop_after_attempt(1000)},
    "BATCH_SIZE": BATCH_SIZE,
}
DJ_ACTIONS = {
    "PUBLISHERS": {
        UNORDERED: {**PUBLISHER, "OPTIONS": {"port": int(os.environ["CHAOS_PORT"])}},
        ORDERED: {
            **PUBLISHER,
            "OPTIONS": {"port": int(os.environ["CHAOS_ORDERED_PORT"])},
            "ORDERING": "key",
        },
    },
    "LEASE": LEASE,
    "POLL_INTERVAL": 0.05,
}
