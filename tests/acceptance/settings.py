"""Settings of the relays that the acceptance tests start: the example's, and ways to disturb it."""

from __future__ import annotations

import os
from typing import Any

from tenacity import stop_after_attempt, wait_fixed

from example.project.settings import *  # noqa: F403 - the example's settings, but for what follows
from example.project.settings import DATABASES, DJ_ACTIONS

RETRY: dict[str, Any] = {
    "wait": wait_fixed(0.2),
    "stop": stop_after_attempt(int(os.environ.get("TEST_TRIES", "50"))),
    "not_found_wait": wait_fixed(0.2),
    "not_found_stop": stop_after_attempt(3),
}

publishers: dict[str, Any] = DJ_ACTIONS["PUBLISHERS"]
if "TEST_FILE" in os.environ:
    publishers["test"] = {
        "BACKEND": f"tests.acceptance.publishers.{os.environ['TEST_PUBLISHER']}",
        "OPTIONS": {"file": os.environ["TEST_FILE"]},
        "BATCH_SIZE": 20,
    }
    for number in range(int(os.environ.get("TEST_MORE_PUBLISHERS", "0"))):
        publishers[f"more{number}"] = {**publishers["test"], "CONCURRENCY": 2}
if "TEST_POOL" in os.environ:
    DATABASES["default"]["OPTIONS"] = {"pool": True}
if "TEST_KILL_ONCE" in os.environ:
    module = "tests.acceptance.killing_publishers"
    publishers["feeds"]["BACKEND"] = f"{module}.KillingStreamPublisher"
    publishers["pipelines"]["BACKEND"] = f"{module}.KillingAirflowPublisher"
if "TEST_STOP_TIMEOUT" in os.environ:
    DJ_ACTIONS["STOP_TIMEOUT"] = float(os.environ["TEST_STOP_TIMEOUT"])
for entry in publishers.values():
    entry["RETRY"] = RETRY
