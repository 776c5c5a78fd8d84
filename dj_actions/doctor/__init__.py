"""Health checks of everything that a delivery depends on, each with a suggested fix."""

from __future__ import annotations

from dj_actions.doctor.findings import Finding, State
from dj_actions.doctor.liveness import Liveness, liveness
from dj_actions.doctor.run import examine
from dj_actions.doctor.thresholds import Thresholds

__all__ = ["Finding", "Liveness", "State", "Thresholds", "examine", "liveness"]
