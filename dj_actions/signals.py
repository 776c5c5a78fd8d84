"""Signals for people to hook their own things on.

Receivers run where the signal is sent: `action_recorded` inside the action's transaction,
the others in the relay, outside any transaction. A receiver that raises in the relay is
logged by Django and changes nothing.
"""

from __future__ import annotations

from django.dispatch import Signal

__all__ = [
    "action_recorded",
    "delivery_dead",
    "delivery_settled",
    "publisher_recovered",
    "remote_finished",
]

action_recorded = Signal()
"""An action has been recorded. Arguments: `event` (ActionEvent)."""

delivery_settled = Signal()
"""A delivery has left the relay. Arguments: `delivery_id`, `event_id`, `publisher`, `state`."""

delivery_dead = Signal()
"""A delivery has been given up. Arguments: `delivery_id`, `event_id`, `publisher`, `reason`."""

publisher_recovered = Signal()
"""A destination that was in trouble has answered again. Arguments: `publisher`."""

remote_finished = Signal()
"""A tracked run has ended. Arguments: `delivery_id`, `event_id`, `publisher`, `state`,
`detail`."""
