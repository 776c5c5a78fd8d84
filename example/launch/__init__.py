"""Launchers: each starts one real program on loopback and leaves no trace of it."""

from __future__ import annotations
