"""Errors that end a scaffolding command before it writes anything."""

from __future__ import annotations

from dj_actions.exceptions import DJActionsError


class ScaffoldingError(DJActionsError):
    """The files cannot be written; the message says why, and what to do."""
