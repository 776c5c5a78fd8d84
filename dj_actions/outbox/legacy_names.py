"""The names that the fields of an event had in dj-actions 0.0.7."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Protocol


class _Event(Protocol):
    """The fields of an event that the properties read."""

    action: str
    object_id: str | None
    duration_ms: float
    created_at: datetime


class LegacyEventNames:
    """Read-only properties of `ActionEvent` with the field names of dj-actions 0.0.7.

    They are here and not in `dj_actions.compat`, which the outbox may not import.
    """

    @property
    def action_id(self: _Event) -> str:
        """Name of the action."""
        return self.action

    @property
    def action_type(self: _Event) -> str:
        """`instance` or `bulk`."""
        return "bulk" if self.object_id is None else "instance"

    @property
    def action_context(self) -> None:
        """Always None: it was never filled."""
        return

    @property
    def response_content(self) -> None:
        """Always None: it was never filled."""
        return

    @property
    def scheduled_time(self) -> None:
        """Always None: it was never filled."""
        return

    @property
    def complete(self) -> bool:
        """Always True: an action is recorded when it has ended."""
        return True

    @property
    def duration(self: _Event) -> Decimal:
        """Duration of the action in seconds."""
        return Decimal(str(self.duration_ms)) / 1000

    @property
    def created_date(self: _Event) -> datetime:
        """When the event was recorded."""
        return self.created_at

    @property
    def modified_date(self: _Event) -> datetime:
        """When the event was recorded: it never changes."""
        return self.created_at
