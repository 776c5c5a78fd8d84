"""The todo project: its settings, URLs and WSGI entry."""

from __future__ import annotations
