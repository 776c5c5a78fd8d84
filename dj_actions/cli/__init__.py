"""Shared parts of the management commands: arguments, filters and output."""

from __future__ import annotations
