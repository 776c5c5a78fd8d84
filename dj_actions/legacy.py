"""The import path of the mixin in dj-actions 0.0.7 for DRF before 3.10."""

from __future__ import annotations

from dj_actions.rest.viewset import ActionMixin

__all__ = ["ActionMixin", "BaseActionMixin"]

BaseActionMixin = ActionMixin
"""The name of the base class in dj-actions 0.0.7."""
