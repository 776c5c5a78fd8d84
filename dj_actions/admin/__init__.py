"""Admin pages for events, deliveries and publishers, and the operations on them."""

from __future__ import annotations

from dj_actions.admin.deliveries import DeliveryAdmin
from dj_actions.admin.events import ActionEventAdmin, ArchivedActionEventAdmin
from dj_actions.admin.publishers import PublisherStateAdmin
from dj_actions.admin.read_only import link_to_receipt

__all__ = [
    "ActionEventAdmin",
    "ArchivedActionEventAdmin",
    "DeliveryAdmin",
    "PublisherStateAdmin",
    "link_to_receipt",
]
