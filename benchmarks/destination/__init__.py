"""How many messages per second reach an HTTP server, compared to a bare thread pool."""

from __future__ import annotations
