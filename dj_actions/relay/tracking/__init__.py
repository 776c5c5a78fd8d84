"""Follow what deliveries have started at their destinations, to its end and beyond."""

from __future__ import annotations
