"""A site that is a feeds server and nothing else: settings, URLs and WSGI application."""

from __future__ import annotations
