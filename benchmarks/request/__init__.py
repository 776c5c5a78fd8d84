"""What one request that runs an action costs, against the same mutation in a plain view."""

from __future__ import annotations
