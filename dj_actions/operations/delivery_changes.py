"""What operators do with deliveries: one description for the command line, admin and console."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.states import DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryChange:
    """An operation that changes deliveries."""

    name: str
    """Identifies it in records, in URLs and on the command line, for example `replay`."""

    label: str | Promise
    """What its button says, for example `Replay`."""

    title: str | Promise
    """What it is called without the deliveries next to it, for example `Replay dead letters`."""

    explanation: str | Promise
    """What becomes of the deliveries, in one or two sentences."""

    state: DeliveryState
    """The state that it requires; deliveries in any other state are left unchanged."""

    transition: Callable[[DeliveryQuerySet], int]
    """Changes those of some deliveries that are in the state; returns how many."""

    permitted_as: str
    """The name of the operation whose permission a user needs."""

    is_recorded: bool = True
    """Whether it requires a reason, and is recorded with it and with the user."""

    sends: bool = False
    """Whether the deliveries are due afterwards."""


RETRY = DeliveryChange(
    name="retry",
    label=_("Retry now"),
    title=_("Retry pending deliveries now"),
    explanation=_("They become due now, instead of waiting for their next attempt."),
    state=DeliveryState.PENDING,
    transition=DeliveryQuerySet.retry_now,
    permitted_as="retry",
    is_recorded=False,
    sends=True,
)
CANCEL = DeliveryChange(
    name="cancel",
    label=_("Cancel"),
    title=_("Cancel pending deliveries"),
    explanation=_("They are never sent."),
    state=DeliveryState.PENDING,
    transition=DeliveryQuerySet.cancel,
    permitted_as="cancel",
)
REPLAY = DeliveryChange(
    name="replay",
    label=_("Replay"),
    title=_("Replay dead letters"),
    explanation=_("They are sent again, with a new count of attempts."),
    state=DeliveryState.DEAD,
    transition=DeliveryQuerySet.replay,
    permitted_as="replay",
    sends=True,
)
REPLAY_DELIVERED = DeliveryChange(
    name="replay_delivered",
    label=_("Replay what was delivered"),
    title=_("Replay what was delivered"),
    explanation=_(
        "They are sent again. A destination that still has the result recognizes the message, and "
        "has one effect."
    ),
    state=DeliveryState.DELIVERED,
    transition=DeliveryQuerySet.replay_delivered,
    permitted_as="replay",
    sends=True,
)
DISCARD = DeliveryChange(
    name="discard",
    label=_("Discard"),
    title=_("Discard dead letters"),
    explanation=_("They are never sent, and block no later delivery any more."),
    state=DeliveryState.DEAD,
    transition=DeliveryQuerySet.discard,
    permitted_as="discard",
)

CHANGES: Mapping[str, DeliveryChange] = MappingProxyType(
    {change.name: change for change in (RETRY, CANCEL, REPLAY, REPLAY_DELIVERED, DISCARD)}
)
"""Name → operation."""
