"""Claim the deliveries that a lane sends next, as many as suit it, and hold them by a lease."""

from __future__ import annotations
