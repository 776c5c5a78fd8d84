"""The demo: run actions as an HTTP client, then verify the results at the destinations."""

from __future__ import annotations
