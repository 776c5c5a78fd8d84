"""The API of dj-actions 0.0.7; modules at its import paths import from here."""

from __future__ import annotations
