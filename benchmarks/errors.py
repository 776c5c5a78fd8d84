"""Why no figure is shown."""

from __future__ import annotations


class NoFigure(Exception):
    """What was measured, or was to be, does not say what the figure would say."""
