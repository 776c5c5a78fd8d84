"""Settings of the web process and the relays that run under database roles of their own."""

from __future__ import annotations

from tests.acceptance.settings import *  # noqa: F403 - those of the other relays, but for what follows
from tests.acceptance.settings import DJ_ACTIONS, publishers

# The test process creates the users, and hashes quickly.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DJ_ACTIONS["PUBLISHERS"] = {
    "test": publishers["test"]
    | {
        "BACKEND": "tests.acceptance.outage_publisher.OutagePublisher",
        "ROUTES": ["todo.*"],
        "ORDERING": "key",
    }
}
DJ_ACTIONS["POLL_INTERVAL"] = 0.2
