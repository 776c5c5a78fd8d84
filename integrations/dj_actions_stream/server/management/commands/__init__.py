"""The management commands of the feeds server."""

from __future__ import annotations
