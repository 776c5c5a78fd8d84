"""The frozen values that publishers receive and return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from dj_actions.states import RemoteState
from dj_actions.text import MAX_NAME_LENGTH, UNSTORABLE_CHARACTERS, sanitize

__all__ = [
    "Actor",
    "CurrentResult",
    "Message",
    "Receipt",
    "ReceiptPart",
    "RemoteFailure",
    "RemoteRun",
    "web_url",
]

RECEIPT_ID_LENGTH = 255
RECEIPT_URL_LENGTH = 2000
"""Maximum lengths of the values of a receipt, in characters."""

MAX_PARTS = 1000
"""Maximum number of parts of a receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The user who ran an action, as of that time."""

    id: str
    """Primary key of the user, as a string."""

    label: str
    """Username; the text of a user without one, such as one that a token stands for."""

    @classmethod
    def of(cls, user: Any) -> Self | None:
        """Return the actor for a user; None without a user, or for an anonymous one."""
        if user is None or not user.is_authenticated:
            return None
        label = (user.get_username() if hasattr(user, "get_username") else "") or str(user)
        key = getattr(user, "pk", None)
        return cls(
            id=sanitize(str(label if key is None else key), MAX_NAME_LENGTH),
            label=sanitize(str(label), MAX_NAME_LENGTH),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One action that has happened, for one publisher."""

    id: UUID
    """Id of the event, the same at every attempt: the destination's idempotency key."""

    resource: str
    """Resource that was acted on, for example `todo`."""

    action: str
    """Name of the action, for example `mark_done`."""

    version: int
    """Version of the action."""

    object_id: str | None
    """Primary key of the object, as a string; None for a bulk action."""

    object_ids: tuple[str, ...]
    """Primary keys of all objects, as strings, in the order of the request."""

    actor: Actor | None
    """The user who ran it; None for the system or an anonymous user."""

    data: Mapping[str, Any]
    """The validated input, as JSON."""

    result: Any
    """The result of the action, as JSON."""

    summary: str
    """One sentence that describes it."""

    recipients: tuple[str, ...]
    """Further recipients; their meaning depends on the publisher (Stream: feeds)."""

    extra: Mapping[str, Any]
    """Extra data that the action has emitted, as JSON."""

    traceparent: str
    """W3C trace context of the request; empty without one."""

    occurred_at: datetime
    """When it was recorded, by the database's clock, in UTC: the same at every attempt."""

    parent: UUID | None = None
    """Id of the event that led to this one: of the action that ran it, or whose message did."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the route that matched when it was recorded, for example `{"dag_id": …}`."""

    attempt: int = 1
    """Number of this attempt, starting with 1."""

    unstored: Mapping[str, int] = field(default_factory=dict)
    """Which of data, result and extra were too large to be stored, and are empty here → bytes."""

    @property
    def label(self) -> str:
        """Resource and action, for example `todo.mark_done`."""
        return f"{self.resource}.{self.action}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPart:
    """One of several results of a message at the destination, for example one of its DAG runs.

    Raises:
        ValueError: a value has the wrong type, is too long, or cannot be stored.
    """

    id: str
    """The destination's own id for the result."""

    scope: str = ""
    """Namespace of `id`, if it is not unique by itself."""

    url: str = ""
    """Link to the result, for operators."""

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("A part of a receipt needs an `id`, as the receipt itself does.")
        _require_storable("id", self.id, RECEIPT_ID_LENGTH)
        _require_storable("scope", self.scope, RECEIPT_ID_LENGTH)
        _require_storable("url", self.url, RECEIPT_URL_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The destination's confirmation of a message.

    Raises:
        ValueError: a value has the wrong type, is too long, or cannot be stored.
    """

    id: str
    """The destination's own id for the result, for example an activity id or a DAG run id."""

    url: str = ""
    """Link to the result, for operators."""

    scope: str = ""
    """Namespace of `id`, if it is not unique by itself: the DAG of a DAG run."""

    tracked: bool = False
    """Whether `id` is a remote run whose end is tracked."""

    parts: tuple[ReceiptPart, ...] = ()
    """All results, if the message has several: the first one is that of the receipt itself, too.
    Empty for one result."""

    options: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """Options of the route, for `track`: a relay adds them, a publisher does not."""

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("A receipt needs an `id`: the destination's own id for the result.")
        _require_storable("id", self.id, RECEIPT_ID_LENGTH)
        _require_storable("scope", self.scope, RECEIPT_ID_LENGTH)
        _require_storable("url", self.url, RECEIPT_URL_LENGTH)
        if not isinstance(self.tracked, bool):
            raise ValueError(f"A receipt's `tracked` must be True or False, not {self.tracked!r}.")  # noqa: TRY004 - as documented
        if self.parts:
            self._require_parts()

    def _require_parts(self) -> None:
        if not all(isinstance(part, ReceiptPart) for part in self.parts):
            raise ValueError(f"A receipt's `parts` must be ReceiptParts, not {self.parts!r:.100}.")
        if len(self.parts) > MAX_PARTS:
            raise ValueError(
                f"A receipt has {len(self.parts)} `parts`; at most {MAX_PARTS} are stored."
            )
        first = self.parts[0]
        if (first.id, first.scope) != (self.id, self.scope):
            raise ValueError("The first of a receipt's `parts` must have its `id` and `scope`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentResult:
    """What a destination has now, in one place, of a message that was delivered to it."""

    scope: str
    """The place, for example a feed."""

    exists: bool | None
    """Whether it is there; None if the destination does not show enough to say."""

    id: str = ""
    """The destination's own id, with which it is found in that place; empty without one."""

    text: str = ""
    """One sentence about it, for readers."""

    data: Mapping[str, Any] = field(default_factory=dict)
    """All of it, as JSON."""


TRACKED_STATES = frozenset(RemoteState) - {RemoteState.UNTRACKED}
"""States of a remote run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFailure:
    """Why a remote run has failed. What is too long is cut when it is stored."""

    task: str = ""
    """The destination's own name of the step that failed."""

    exception: str = ""
    """Its error: type and message, in one line."""

    log: tuple[str, ...] = ()
    """The last lines of its log, the oldest first."""

    try_number: int | None = None
    """Number of the try that failed, starting with 1."""

    map_index: int | None = None
    """Index of the failed one of many steps with the same name; None if there is only one."""

    url: str = ""
    """Link to the failed step, for operators."""

    @property
    def summary(self) -> str:
        """One line with the step and its error, as far as they are known."""
        index = "" if self.map_index is None else f"[{self.map_index}]"
        return ": ".join(part for part in (f"{self.task}{index}", self.exception) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRun:
    """The current state of a remote run.

    Raises:
        ValueError: the state is UNTRACKED, or not a `RemoteState`.
    """

    state: RemoteState
    detail: str = ""
    """The destination's own state, for example `queued`."""

    hint: str = ""
    """One sentence that says why a run that has not ended does not advance."""

    failure: RemoteFailure | None = None
    """Why it has failed, as far as the destination says so."""

    result: Any = None
    """What the run has returned, as JSON; None if it returns nothing."""

    duration: float | None = None
    """Seconds from its start to its end."""

    ended_at: datetime | None = None
    """When it ended, by the destination's clock: a run that ends once more has another time."""

    def __post_init__(self) -> None:
        if self.state not in TRACKED_STATES:
            known = ", ".join(sorted(TRACKED_STATES))
            raise ValueError(f"{self.state!r} is not the state of a run; expected one of: {known}.")


def web_url(url: str) -> str:
    """Return the URL of a receipt or a failure if a page may link to it; an empty string if not.

    A destination may have sent anything, such as `javascript:`. Only `http:` and `https:` pass.
    """
    return url if url.startswith(("http://", "https://")) else ""


def _require_storable(name: str, value: object, length: int) -> None:
    if value == "":
        return
    if not isinstance(value, str) or len(value) > length or UNSTORABLE_CHARACTERS.search(value):
        raise ValueError(
            f"A receipt's `{name}` must be a storable string of at most {length} characters, "
            f"not {str(value)[:100]!r}."
        )
