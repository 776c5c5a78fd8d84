"""What happened, where it has to go, and what relays share about that."""

from __future__ import annotations

from dj_actions.models.deliveries import ORDERING_LENGTH, Delivery
from dj_actions.models.events import (
    IDEMPOTENCY_KEY_LENGTH,
    OF_NOBODY,
    ActionEvent,
    ArchivedActionEvent,
    EventAction,
)
from dj_actions.models.relays import PublisherState, RelayHeartbeat

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
