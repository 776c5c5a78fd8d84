"""A dead letter with two errors, and its fields."""

from __future__ import annotations

from tests.integration.outbox.test_records import POSSIBLE

ERRORS = [
    {"at": "2026-01-01T00:00:00+00:00", "attempt": 1, "kind": "unavailable", "message": "away"},
    {"at": "2026-01-02T00:00:00+00:00", "attempt": 2, "kind": "rejected", "message": "no\x1b[2J"},
]

DEAD = {**POSSIBLE["dead"], "errors": ERRORS, "attempts": 2}
