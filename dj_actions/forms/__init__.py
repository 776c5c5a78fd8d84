"""The package of the form mixin of dj-actions 0.0.7."""

from __future__ import annotations
