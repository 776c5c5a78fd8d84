"""Admin pages for events, deliveries, publishers and machine tokens, and the operations on them."""

from __future__ import annotations

from dj_actions.admin.deliveries import DeliveryAdmin
from dj_actions.admin.events import ActionEventAdmin, ArchivedActionEventAdmin
from dj_actions.admin.machine_tokens import MachineTokenAdmin
from dj_actions.admin.publishers import PublisherStateAdmin
from dj_actions.admin.read_only import link_to_receipt

__all__ = [
    "ActionEventAdmin",
    "ArchivedActionEventAdmin",
    "DeliveryAdmin",
    "MachineTokenAdmin",
    "PublisherStateAdmin",
    "link_to_receipt",
]
