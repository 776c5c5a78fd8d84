"""The models of the app: events, deliveries, what relays share, and the tokens of machines."""

from __future__ import annotations

from dj_actions.conf.settings import DEFAULT_TTL_MINUTES
from dj_actions.declaration.enums import ActionType
from dj_actions.machine_tokens.model import MachineToken
from dj_actions.outbox.attempts import Attempt
from dj_actions.outbox.deliveries import Delivery
from dj_actions.outbox.delivery_counts import DeliveryCount
from dj_actions.outbox.events import ActionEvent, ArchivedActionEvent, EventAction
from dj_actions.outbox.heartbeats import RelayHeartbeat
from dj_actions.outbox.publisher_state import PublisherState

__all__ = [
    "ACTION_TYPE",
    "DEFAULT_TTL_MINUTES",
    "ActionEvent",
    "ArchivedActionEvent",
    "Attempt",
    "Delivery",
    "DeliveryCount",
    "EventAction",
    "MachineToken",
    "PublisherState",
    "RelayHeartbeat",
]

ACTION_TYPE = ActionType
"""The name in dj-actions 0.0.7, which is also in `dj_actions.util`."""
