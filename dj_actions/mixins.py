"""Give a viewset one endpoint for each action of its model."""

from __future__ import annotations

from dj_actions.rest.viewset import ActionMixin

__all__ = ["ActionMixin", "BaseActionMixin"]

BaseActionMixin = ActionMixin
"""The name of the base class in dj-actions 0.0.7."""
