"""Runs of routes, over real HTTP."""

from __future__ import annotations
