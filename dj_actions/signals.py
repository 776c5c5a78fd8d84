"""Signals that DJ Actions sends.

`action_recorded` is sent within the action's transaction: a receiver that raises an error rolls
the action back. The others are sent by relays, outside of any transaction: an error in a receiver
is logged by Django, and has no effect on the delivery.
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
"""Sent when an action has been recorded. Arguments: `event` (ActionEvent)."""

delivery_settled = Signal()
"""Sent when a delivery has been delivered or has become a dead letter. Arguments:
`delivery_id`, `event_id`, `publisher`, `state`."""

delivery_dead = Signal()
"""Sent when a delivery has become a dead letter. Arguments: `delivery_id`, `event_id`,
`publisher`, `reason`."""

publisher_recovered = Signal()
"""Sent when the circuit breaker of a publisher has closed again. Arguments: `publisher`."""

remote_finished = Signal()
"""Sent each time a tracked remote run has ended: once more if it was started again, marked or
deleted at the destination. Arguments: `delivery_id`, `event_id`, `publisher`, `state`, `detail`,
`previous_state` (that of our record until now), `failure` (RemoteFailure or None) and `result`
(JSON or None)."""
