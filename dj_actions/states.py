"""How an action ended; did its delivery arrive, and what became of it there."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

__all__ = ["DeliveryState", "Outcome", "RemoteState"]


class DeliveryState(StrEnum):
    """Whether a message has reached its publisher's destination."""

    PENDING = "pending"
    """Waits for a relay: new, to be tried again, or given back."""

    SENDING = "sending"
    """Held by one relay, whose lease token is on the row."""

    DELIVERED = "delivered"
    """The destination has confirmed it; the receipt is on the row."""

    DEAD = "dead"
    """Given up on, with a reason; a person can replay it."""

    CANCELLED = "cancelled"
    """Withdrawn: by a person, or because a later one of its line has replaced it."""


class RemoteState(StrEnum):
    """What became of a delivered message at its destination."""

    UNTRACKED = "untracked"
    """Nothing to follow: the destination runs nothing for it, or nothing is delivered yet."""

    RUNNING = "running"
    """The destination works on it; the tracker asks again."""

    SUCCEEDED = "succeeded"
    """The destination has finished it well."""

    FAILED = "failed"
    """The destination has finished it badly; the detail says how."""

    LOST = "lost"
    """The destination no longer knows it."""


class Outcome(StrEnum):
    """How an action ended."""

    SUCCEEDED = "succeeded"
    """It did what it was asked for; its changes and its deliveries are committed."""

    FAILED = "failed"
    """It was refused, or crashed; its record is all that there is of it."""


DELIVERY_TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = MappingProxyType(
    {
        # A relay claims it; a person withdraws it.
        DeliveryState.PENDING: frozenset({DeliveryState.SENDING, DeliveryState.CANCELLED}),
        # It arrived; it is retried, released or rescued; it is given up.
        DeliveryState.SENDING: frozenset(
            {DeliveryState.DELIVERED, DeliveryState.PENDING, DeliveryState.DEAD}
        ),
        # A person replays or discards it; a later one of its line replaces it.
        DeliveryState.DEAD: frozenset({DeliveryState.PENDING, DeliveryState.CANCELLED}),
        DeliveryState.DELIVERED: frozenset(),
        DeliveryState.CANCELLED: frozenset(),
    }
)

REMOTE_TRANSITIONS: Mapping[RemoteState, frozenset[RemoteState]] = MappingProxyType(
    {
        # The receipt says that there is something to follow.
        RemoteState.UNTRACKED: frozenset({RemoteState.RUNNING}),
        # It ended, or the destination forgot it.
        RemoteState.RUNNING: frozenset(
            {RemoteState.SUCCEEDED, RemoteState.FAILED, RemoteState.LOST}
        ),
        RemoteState.SUCCEEDED: frozenset(),
        RemoteState.FAILED: frozenset(),
        RemoteState.LOST: frozenset(),
    }
)

IN_LINE_STATES = frozenset({DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.DEAD})
"""States in which a delivery may keep later ones of its ordering key waiting."""

SETTLED_STATES = frozenset({DeliveryState.DELIVERED, DeliveryState.DEAD, DeliveryState.CANCELLED})
"""States in which no relay will touch a delivery again by itself."""
