"""Looks at everything a delivery depends on, and says what is wrong and how to mend it."""

from __future__ import annotations

from dj_actions.doctor.examination import examine
from dj_actions.doctor.findings import Finding, State
from dj_actions.doctor.limits import Limits
from dj_actions.doctor.liveness import Liveness, liveness

__all__ = ["Finding", "Limits", "Liveness", "State", "examine", "liveness"]
