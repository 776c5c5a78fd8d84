"""The parts of the feeds server that need no database."""

from __future__ import annotations
