"""The form fields of dj-actions 0.0.7."""

from __future__ import annotations

from dj_actions.compat.form_fields import CommaSeparatedCharField, JSONTextField

__all__ = ["CommaSeparatedCharField", "JSONTextField"]
