"""System checks of routes."""

from __future__ import annotations
