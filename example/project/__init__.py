"""The todo project: its settings, URLs and WSGI entry point."""

from __future__ import annotations
