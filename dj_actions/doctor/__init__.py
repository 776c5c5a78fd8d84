"""Looks at everything a delivery depends on, and says what is wrong and how to mend it."""

from __future__ import annotations

from dj_actions.doctor.findings import Finding, State
from dj_actions.doctor.liveness import Liveness, liveness
from dj_actions.doctor.run import examine
from dj_actions.doctor.thresholds import Limits

__all__ = ["Finding", "Limits", "Liveness", "State", "examine", "liveness"]
