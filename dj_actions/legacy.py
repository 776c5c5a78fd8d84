"""The import path that dj-actions 0.0.7 had for versions of DRF before 3.10."""

from __future__ import annotations

from dj_actions.rest.viewset import ActionMixin

__all__ = ["ActionMixin"]
