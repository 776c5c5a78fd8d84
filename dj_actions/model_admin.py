"""Offer a model's actions in its admin change list."""

from __future__ import annotations

from dj_actions.admin.action_admin import ActionAdminMixin

__all__ = ["ActionAdminMixin"]
