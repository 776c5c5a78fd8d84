"""The parts of dj-actions 0.0.7 that need no database."""

from __future__ import annotations
