"""Launchers: each runs a real program on loopback, and removes its files and processes."""

from __future__ import annotations
