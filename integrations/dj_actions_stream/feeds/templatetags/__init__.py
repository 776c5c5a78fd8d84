"""Template tags of feeds."""

from __future__ import annotations
