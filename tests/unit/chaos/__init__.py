"""The chaos test's own logic."""

from __future__ import annotations
