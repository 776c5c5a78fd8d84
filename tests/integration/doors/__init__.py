"""The ways to an action beside HTTP."""

from __future__ import annotations
