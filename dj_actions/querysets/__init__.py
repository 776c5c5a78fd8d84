"""Every query of the package, named by what it is for."""

from __future__ import annotations

from dj_actions.querysets.deliveries import DETAIL_LENGTH, MAX_ERRORS, DeliveryQuerySet, after
from dj_actions.querysets.events import FAILED_FROM, ActionEventQuerySet
from dj_actions.querysets.outbox import insert_event
from dj_actions.querysets.server import database_time, try_lock

__all__ = [
    "DETAIL_LENGTH",
    "FAILED_FROM",
    "MAX_ERRORS",
    "ActionEventQuerySet",
    "DeliveryQuerySet",
    "after",
    "database_time",
    "insert_event",
    "try_lock",
]
