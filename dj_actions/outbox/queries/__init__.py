"""Every query of the package, named by what it is for."""

from __future__ import annotations

from dj_actions.outbox.queries.clock import after, database_time
from dj_actions.outbox.queries.events import FAILED_FROM, ActionEventQuerySet
from dj_actions.outbox.queries.heartbeats import RelayHeartbeatQuerySet
from dj_actions.outbox.queries.insert import insert_event
from dj_actions.outbox.queries.locks import lock, try_lock
from dj_actions.outbox.queries.operators import OperatorQuerySet, PublisherCounts
from dj_actions.outbox.queries.postgres import Place
from dj_actions.outbox.queries.publishers import PublisherStateQuerySet
from dj_actions.outbox.queries.tracking import DETAIL_LENGTH
from dj_actions.outbox.queries.transitions import MAX_ERRORS, DeliveryQuerySet

__all__ = [
    "DETAIL_LENGTH",
    "FAILED_FROM",
    "MAX_ERRORS",
    "ActionEventQuerySet",
    "DeliveryQuerySet",
    "OperatorQuerySet",
    "Place",
    "PublisherCounts",
    "PublisherStateQuerySet",
    "RelayHeartbeatQuerySet",
    "after",
    "database_time",
    "insert_event",
    "lock",
    "try_lock",
]
