"""The form mixin of dj-actions 0.0.7."""

from __future__ import annotations

from dj_actions.compat.form_mixin import ActionFormMixin

__all__ = ["ActionFormMixin"]
