"""The states of a delivery and of a remote run, and how an action ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

__all__ = ["DeliveryState", "Outcome", "RemoteState"]


class DeliveryState(StrEnum):
    """The state of a delivery to a publisher."""

    PENDING = "pending"
    """Waits for a relay: it is new, has to be retried, or was released."""

    SENDING = "sending"
    """Claimed by a relay, whose lease token is on the row."""

    DELIVERED = "delivered"
    """Confirmed by the destination, whose receipt is on the row."""

    DEAD = "dead"
    """A dead letter: the relay has given up on it; it can be replayed or discarded."""

    CANCELLED = "cancelled"
    """Cancelled or discarded by an operator, or superseded by a later delivery."""


class RemoteState(StrEnum):
    """The state of the remote run that a delivery has started at its destination."""

    UNTRACKED = "untracked"
    """No remote run: it is not delivered yet, or the destination does not start one."""

    RUNNING = "running"
    """The run has not ended, or runs again; the tracker checks it again."""

    SUCCEEDED = "succeeded"
    """The run has succeeded. No end is final: at the destination it can be started again, marked
    or deleted, and this state follows."""

    FAILED = "failed"
    """The run has failed; the remote detail is the destination's own state."""

    LOST = "lost"
    """The destination has no such run any more."""


class Outcome(StrEnum):
    """How an action ended."""

    SUCCEEDED = "succeeded"
    """Its changes, its event and its deliveries are committed."""

    FAILED = "failed"
    """It was rejected or raised an error; only its event is stored."""


DELIVERY_TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = MappingProxyType(
    {
        # A relay claims it; an operator cancels it.
        DeliveryState.PENDING: frozenset({DeliveryState.SENDING, DeliveryState.CANCELLED}),
        # Delivered; retried, released or rescued; given up on.
        DeliveryState.SENDING: frozenset(
            {DeliveryState.DELIVERED, DeliveryState.PENDING, DeliveryState.DEAD}
        ),
        # An operator replays or discards it; a later delivery supersedes it.
        DeliveryState.DEAD: frozenset({DeliveryState.PENDING, DeliveryState.CANCELLED}),
        # An operator replays it.
        DeliveryState.DELIVERED: frozenset({DeliveryState.PENDING}),
        DeliveryState.CANCELLED: frozenset(),
    }
)

REMOTE_TRANSITIONS: Mapping[RemoteState, frozenset[RemoteState]] = MappingProxyType(
    {
        # It was delivered, with a receipt that is tracked.
        RemoteState.UNTRACKED: frozenset({RemoteState.RUNNING}),
        # The run has ended, or the destination has deleted it. An operator replays the delivery.
        RemoteState.RUNNING: frozenset(
            {
                RemoteState.SUCCEEDED,
                RemoteState.FAILED,
                RemoteState.LOST,
                RemoteState.UNTRACKED,
            }
        ),
        # Somebody has started the run again, marked it as something else, or deleted it; or an
        # operator replays the delivery.
        RemoteState.SUCCEEDED: frozenset(
            {
                RemoteState.RUNNING,
                RemoteState.FAILED,
                RemoteState.LOST,
                RemoteState.UNTRACKED,
            }
        ),
        RemoteState.FAILED: frozenset(
            {
                RemoteState.RUNNING,
                RemoteState.SUCCEEDED,
                RemoteState.LOST,
                RemoteState.UNTRACKED,
            }
        ),
        # It was found again: it was not shown to our user for a while.
        RemoteState.LOST: frozenset(
            {
                RemoteState.RUNNING,
                RemoteState.SUCCEEDED,
                RemoteState.FAILED,
                RemoteState.UNTRACKED,
            }
        ),
    }
)

ENDED_STATES = frozenset({RemoteState.SUCCEEDED, RemoteState.FAILED, RemoteState.LOST})
"""States of a remote run that has ended, for now."""

SETTLED_STATES = frozenset({DeliveryState.DELIVERED, DeliveryState.DEAD, DeliveryState.CANCELLED})
"""States that a relay does not change any more."""
