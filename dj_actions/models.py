"""The models of the app: events, deliveries, and the state that relays share."""

from __future__ import annotations

from dj_actions.outbox.deliveries import Delivery
from dj_actions.outbox.events import ActionEvent, ArchivedActionEvent, EventAction
from dj_actions.outbox.heartbeats import RelayHeartbeat
from dj_actions.outbox.publisher_state import PublisherState

__all__ = [
    "ActionEvent",
    "ArchivedActionEvent",
    "Delivery",
    "EventAction",
    "PublisherState",
    "RelayHeartbeat",
]
