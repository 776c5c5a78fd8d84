"""What happened, where it has to go, and what relays share about that."""

from __future__ import annotations

from dj_actions.outbox.deliveries import ORDERING_LENGTH, Delivery
from dj_actions.outbox.events import (
    IDEMPOTENCY_KEY_LENGTH,
    OF_NOBODY,
    ActionEvent,
    ArchivedActionEvent,
    EventAction,
)
from dj_actions.outbox.heartbeats import RelayHeartbeat
from dj_actions.outbox.publisher_state import PublisherState

__all__ = [
    "IDEMPOTENCY_KEY_LENGTH",
    "OF_NOBODY",
    "ORDERING_LENGTH",
    "ActionEvent",
    "ArchivedActionEvent",
    "Delivery",
    "EventAction",
    "PublisherState",
    "RelayHeartbeat",
]
