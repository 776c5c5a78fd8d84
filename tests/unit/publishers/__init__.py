"""Publishers and their settings."""

from __future__ import annotations
