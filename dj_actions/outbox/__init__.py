"""The records: events, deliveries, what relays share, and every query on them."""

from __future__ import annotations
