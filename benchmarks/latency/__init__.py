"""The time from an action's commit until its publisher is called."""

from __future__ import annotations
