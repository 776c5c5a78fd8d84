"""The thresholds of the checks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Thresholds in seconds; a check that exceeds its threshold reports a finding."""

    relay: float = 30.0
    """Age of the latest heartbeat of a relay that counts as alive."""

    waiting: float = 300.0
    """Age of the oldest pending delivery, and how long one in 20 has waited to be sent."""

    lease: float = 30.0
    """Time since an expired lease should have been taken over by a relay."""

    snapshot: float = 300.0
    """Age of a snapshot that keeps PostgreSQL from removing dead rows."""

    notification: float = 2.0
    """Time within which a notification must arrive."""
