"""All queries on the outbox, named by their purpose."""

from __future__ import annotations

from dj_actions.outbox.queries.backlog import MAX_COUNTED, MAX_FAILED_RUNS, Backlog, OpenCounts
from dj_actions.outbox.queries.base import MAX_ID
from dj_actions.outbox.queries.clock import database_time, from_now
from dj_actions.outbox.queries.dead_letters import MAX_GROUPED, FailedDelivery
from dj_actions.outbox.queries.deliveries import DeliveryQuerySet
from dj_actions.outbox.queries.delivery_counts import (
    NO_COUNTS,
    PERIOD,
    PERIODS,
    Counts,
    DeliveryCountQuerySet,
    RecentCounts,
    first_period,
)
from dj_actions.outbox.queries.events import FAILED_FROM, ActionEventQuerySet
from dj_actions.outbox.queries.filters import PublisherCounts
from dj_actions.outbox.queries.heartbeats import RELAY_TIMEOUT, RelayHeartbeatQuerySet
from dj_actions.outbox.queries.insert import NewDelivery, insert_event
from dj_actions.outbox.queries.lists import MAX_SCANNED, MAX_SEARCHED, FoundPage, SearchTimeout
from dj_actions.outbox.queries.locks import lock, try_lock
from dj_actions.outbox.queries.pending import PendingCounts
from dj_actions.outbox.queries.publishers import PublisherStateQuerySet
from dj_actions.outbox.queries.remote_runs import RUN_STATES
from dj_actions.outbox.queries.tracking import DETAIL_LENGTH, HINTED

__all__ = [
    "DETAIL_LENGTH",
    "FAILED_FROM",
    "HINTED",
    "MAX_COUNTED",
    "MAX_FAILED_RUNS",
    "MAX_GROUPED",
    "MAX_ID",
    "MAX_SCANNED",
    "MAX_SEARCHED",
    "NO_COUNTS",
    "PERIOD",
    "PERIODS",
    "RELAY_TIMEOUT",
    "RUN_STATES",
    "ActionEventQuerySet",
    "Backlog",
    "Counts",
    "DeliveryCountQuerySet",
    "DeliveryQuerySet",
    "FailedDelivery",
    "FoundPage",
    "NewDelivery",
    "OpenCounts",
    "PendingCounts",
    "PublisherCounts",
    "PublisherStateQuerySet",
    "RecentCounts",
    "RelayHeartbeatQuerySet",
    "SearchTimeout",
    "database_time",
    "first_period",
    "from_now",
    "insert_event",
    "lock",
    "try_lock",
]
