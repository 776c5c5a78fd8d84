"""How a state is marked: with a word, a symbol and a tone, so that color is never alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from dj_actions.console.screens.times import NOTHING
from dj_actions.states import DeliveryState, RemoteState


class Tone(StrEnum):
    """How a status is colored."""

    GOOD = "good"
    BAD = "bad"
    BUSY = "busy"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A state as it is shown."""

    word: Any
    """The state in a word; translated when it is shown."""

    symbol: str
    tone: Tone


DELIVERY_STATUS: Mapping[DeliveryState, Status] = {
    DeliveryState.PENDING: Status(word=_("pending"), symbol="○", tone=Tone.BUSY),
    DeliveryState.SENDING: Status(word=_("sending"), symbol="◐", tone=Tone.BUSY),
    DeliveryState.DELIVERED: Status(word=_("delivered"), symbol="✓", tone=Tone.GOOD),
    DeliveryState.DEAD: Status(word=_("dead"), symbol="✗", tone=Tone.BAD),
    DeliveryState.CANCELLED: Status(word=_("cancelled"), symbol=NOTHING, tone=Tone.NEUTRAL),
}

REMOTE_STATUS: Mapping[RemoteState, Status] = {
    RemoteState.UNTRACKED: Status(word=_("not tracked"), symbol=NOTHING, tone=Tone.NEUTRAL),
    RemoteState.RUNNING: Status(word=_("running"), symbol="◐", tone=Tone.BUSY),
    RemoteState.SUCCEEDED: Status(word=_("succeeded"), symbol="✓", tone=Tone.GOOD),
    RemoteState.FAILED: Status(word=_("failed"), symbol="✗", tone=Tone.BAD),
    RemoteState.LOST: Status(word=_("lost"), symbol="?", tone=Tone.BAD),
}

RETRYING = Status(word=_("retrying"), symbol="↻", tone=Tone.BUSY)
SUCCEEDED = Status(word=_("succeeded"), symbol="✓", tone=Tone.GOOD)
FAILED = Status(word=_("failed"), symbol="✗", tone=Tone.BAD)

WORDS: Mapping[str, Any] = {
    **{state.value: status.word for state, status in DELIVERY_STATUS.items()},
    **{state.value: status.word for state, status in REMOTE_STATUS.items()},
    "retrying": RETRYING.word,
}


def word_of(state: str) -> str:
    """Return the translated word for a state of a delivery or a run, or for an outcome."""
    return str(WORDS.get(state, state))


def delivery_status(state: str, *, attempts: int = 0) -> Status:
    """Return the status of a delivery; a pending one that was tried before is retrying."""
    if state == DeliveryState.PENDING and attempts:
        return RETRYING
    return DELIVERY_STATUS[DeliveryState(state)]


def remote_status(state: str) -> Status:
    """Return the status of a remote run."""
    return REMOTE_STATUS[RemoteState(state)]
