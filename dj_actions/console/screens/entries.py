"""One entry of a timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from dj_actions.console.screens.status import Status
from dj_actions.console.sections import PlaceLink
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.times import aware


class EntryKind(StrEnum):
    """What an entry of the timeline is about."""

    ACTION = "action"
    COMMIT = "commit"
    ATTEMPT = "attempt"
    RECEIPT = "receipt"
    WAITING = "waiting"
    SETTLED = "settled"
    RUN = "run"
    CHILD = "child"
    OPERATION = "operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a timeline."""

    at: datetime
    kind: EntryKind
    status: Status
    title: str
    detail: str = ""
    """One or more lines of text: an error, a reason."""

    publisher: str = ""
    url: str = ""
    """A page at the destination; only http and https."""

    url_text: str = ""
    links: Sequence[PlaceLink] = ()
    """Pages of the console that show the same."""

    event_id: UUID | None = None
    """Another event, to link to."""

    action: str = ""
    """Name of the action that it belongs to, where several are shown."""

    since_previous: timedelta = field(default_factory=timedelta)
    """Time since the entry before."""


def moment_of(row: ActionEvent | Delivery, moment: datetime) -> datetime:
    """Return the time of a row, with its time zone."""
    return aware(moment, using=database_of(row))


def database_of(row: ActionEvent | Delivery) -> str:
    """Return the alias of the database that a row was read from."""
    return str(row._state.db)
