"""What can go wrong before anything is written."""

from __future__ import annotations

from dj_actions.exceptions import DJActionsError


class ScaffoldingRefused(DJActionsError):
    """The files cannot be written as asked; the message says why, and what to do."""
