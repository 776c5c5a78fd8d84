"""All queries on the outbox, named by their purpose."""

from __future__ import annotations

from dj_actions.outbox.queries.base import MAX_ID
from dj_actions.outbox.queries.clock import database_time, from_now
from dj_actions.outbox.queries.deliveries import DeliveryQuerySet
from dj_actions.outbox.queries.events import FAILED_FROM, ActionEventQuerySet
from dj_actions.outbox.queries.heartbeats import RelayHeartbeatQuerySet
from dj_actions.outbox.queries.insert import NewDelivery, insert_event
from dj_actions.outbox.queries.locks import lock, try_lock
from dj_actions.outbox.queries.operators import PublisherCounts
from dj_actions.outbox.queries.overview import (
    MAX_COUNTED,
    RELAY_TIMEOUT,
    FailedDelivery,
    WaitingCounts,
)
from dj_actions.outbox.queries.pending import PendingCounts
from dj_actions.outbox.queries.publishers import PublisherStateQuerySet
from dj_actions.outbox.queries.tracking import DETAIL_LENGTH, HINTED

__all__ = [
    "DETAIL_LENGTH",
    "FAILED_FROM",
    "HINTED",
    "MAX_COUNTED",
    "MAX_ID",
    "RELAY_TIMEOUT",
    "ActionEventQuerySet",
    "DeliveryQuerySet",
    "FailedDelivery",
    "NewDelivery",
    "PendingCounts",
    "PublisherCounts",
    "PublisherStateQuerySet",
    "RelayHeartbeatQuerySet",
    "WaitingCounts",
    "database_time",
    "from_now",
    "insert_event",
    "lock",
    "try_lock",
]
