"""Every query of the package, named by what it is for."""

from __future__ import annotations

from dj_actions.querysets.claims import Place
from dj_actions.querysets.deliveries import MAX_ERRORS, DeliveryQuerySet
from dj_actions.querysets.events import FAILED_FROM, ActionEventQuerySet
from dj_actions.querysets.heartbeats import RelayHeartbeatQuerySet
from dj_actions.querysets.moments import after
from dj_actions.querysets.operators import OperatorQuerySet, PublisherCounts
from dj_actions.querysets.outbox import insert_event
from dj_actions.querysets.publishers import PublisherStateQuerySet
from dj_actions.querysets.server import database_time, lock, try_lock
from dj_actions.querysets.tracking import DETAIL_LENGTH

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
