"""The frozen values that publishers receive and answer with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from dj_actions.states import RemoteState
from dj_actions.text import MAX_NAME_LENGTH, UNSTORABLE_CHARACTERS, sanitize

__all__ = ["Actor", "Message", "Receipt", "RemoteRun"]

RECEIPT_ID_LENGTH = 255
RECEIPT_URL_LENGTH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who ran the action, as known when it ran."""

    id: str
    """Primary key of the user, as text."""

    label: str
    """The user's name at that time."""

    @classmethod
    def of(cls, user: Any) -> Self | None:
        """Return the actor for a user; None if there is no user, or an anonymous one."""
        if user is None or not user.is_authenticated:
            return None
        label = user.get_username() if hasattr(user, "get_username") else str(user)
        key = getattr(user, "pk", None)
        return cls(
            id=sanitize(str(label if key is None else key), MAX_NAME_LENGTH),
            label=sanitize(str(label), MAX_NAME_LENGTH),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing that happened, on its way to one publisher."""

    id: UUID
    """Id of the action event: the same at every attempt, hence the destination's own key."""

    resource: str
    """What was acted on, for example `todo`."""

    action: str
    """Name of the action, for example `mark_done`."""

    version: int
    """Version of the action's contract."""

    object_id: str | None
    """Primary key of the one object, as text; None for a bulk action."""

    object_ids: tuple[str, ...]
    """Primary keys of all objects, in the order of the request."""

    actor: Actor | None
    """Who did it; None for the system itself."""

    data: Mapping[str, Any]
    """The validated input, as JSON."""

    result: Any
    """What the action answered, as JSON."""

    summary: str
    """One sentence for people."""

    recipients: tuple[str, ...]
    """Who else should see it; the meaning is the publisher's (Stream: feeds)."""

    extra: Mapping[str, Any]
    """More data that the action has emitted, as JSON."""

    traceparent: str
    """W3C trace context of the request, or an empty string."""

    occurred_at: datetime
    """When it happened, by the database's clock: stored once, UTC, never recomputed."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the route that chose this publisher, for example `{"dag_id": …}`."""

    attempt: int = 1
    """How often the message has been tried, this time included."""

    @property
    def label(self) -> str:
        """Resource and action in one word, for example `todo.mark_done`."""
        return f"{self.resource}.{self.action}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a destination answered.

    Raises:
        ValueError: a value is of the wrong type, or cannot be stored.
    """

    id: str
    """The destination's own id of what it made: an activity id, a DAG run id."""

    url: str = ""
    """Where a person can look at it."""

    scope: str = ""
    """What `id` is unique in, where it is not unique alone: the DAG of a DAG run."""

    tracked: bool = False
    """Whether there is a run whose end is worth waiting for."""

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("A receipt needs the destination's own id of what it made.")
        _require_text("id", self.id, RECEIPT_ID_LENGTH)
        _require_text("scope", self.scope, RECEIPT_ID_LENGTH)
        _require_text("url", self.url, RECEIPT_URL_LENGTH)
        if not isinstance(self.tracked, bool):
            raise ValueError(f"A receipt's tracked must be True or False, not {self.tracked!r}.")  # noqa: TRY004 - as documented


FOLLOWED = frozenset(RemoteState) - {RemoteState.UNTRACKED}
"""States of what there is to follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRun:
    """What became of a delivered message at its destination.

    Raises:
        ValueError: the state is not one of something that is followed.
    """

    state: RemoteState
    detail: str = ""
    """The destination's own word for it, for example `queued`."""

    def __post_init__(self) -> None:
        if self.state not in FOLLOWED:
            raise ValueError(f"A run is in one of {sorted(FOLLOWED)}, not in {self.state!r}.")


def _require_text(name: str, value: object, length: int) -> None:
    if not isinstance(value, str) or len(value) > length or UNSTORABLE_CHARACTERS.search(value):
        raise ValueError(
            f"A receipt's {name} must be storable text of at most {length} characters, "
            f"not {str(value)[:100]!r}."
        )
