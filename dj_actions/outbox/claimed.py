"""A delivery that one relay holds for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Claimed(NamedTuple):
    """One row of the outbox with its event, as it was when it was claimed.

    A tuple with moments in microseconds since 1970: a relay makes thousands of these a second,
    and most of them are never asked for anything but their message.
    """

    pk: int
    publisher: str
    lease_token: UUID
    """Tells this claim from a later one of the same row."""

    attempts: int
    """How often it has been tried, with the try that now begins."""

    claimed_microseconds: int
    queued_microseconds: int
    available_microseconds: int
    errors: list[dict[str, Any]]
    ordering_scope: str
    ordering_key: str

    event_id: UUID
    resource: str
    action: str
    version: int
    object_id: str | None
    object_ids: list[str]
    actor_id: str | None
    actor_label: str
    request_data: Any
    response_data: Any
    summary: str
    recipients: list[str]
    extra: dict[str, Any]
    traceparent: str
    created_microseconds: int

    @property
    def label(self) -> str:
        """Resource and action in one word, for example `todo.mark_done`."""
        return f"{self.resource}.{self.action}"

    @property
    def claimed_at(self) -> datetime:
        """When it was claimed, by the database's clock."""
        return _moment(self.claimed_microseconds)

    @property
    def queued_at(self) -> datetime:
        """From when on its age counts."""
        return _moment(self.queued_microseconds)

    @property
    def available_at(self) -> datetime:
        """From when on it could be claimed."""
        return _moment(self.available_microseconds)

    @property
    def created_at(self) -> datetime:
        """When the action was recorded."""
        return _moment(self.created_microseconds)


def microseconds_of(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
