"""What a publisher receives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from dj_actions.messages.actors import Actor


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
