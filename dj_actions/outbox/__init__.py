"""The outbox: events, deliveries, the state that relays share, and all queries on them."""

from __future__ import annotations
