"""Look at events, deliveries and publishers; put deliveries right, pause publishers."""

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
