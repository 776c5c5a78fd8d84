"""The chaos test's own account."""

from __future__ import annotations
