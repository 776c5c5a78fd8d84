"""Forms that are actions."""

from __future__ import annotations
