"""What a task can wait for: an event, its deliveries, and the runs they have started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Until(StrEnum):
    """How far an event has to have come."""

    RECORDED = "recorded"
    """It exists."""

    DELIVERED = "delivered"
    """Its deliveries have arrived."""

    SUCCEEDED = "succeeded"
    """They have, and the runs that they have started have succeeded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether a task can go on."""

    done: bool = False
    failure: str = ""
    """Why what the task waits for cannot come about any more; empty while it can."""


def until_of(value: str) -> Until:
    """Return the value as an Until.

    Raises:
        ValueError: it is none; the message lists them.
    """
    try:
        return Until(value)
    except ValueError:
        known = ", ".join(repr(entry.value) for entry in Until)
        raise ValueError(f"{value!r} is none of {known}.") from None


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """What a task waits for."""

    event_id: str | None = None
    """The id of the event; None for the newest one that matches `filters`."""
    filters: Mapping[str, str] = field(default_factory=dict)
    """Filters of the events API."""
    since: str | None = None
    """With `filters`, ISO 8601 with a UTC offset: older events do not count."""
    until: Until = Until.RECORDED
    """How far the event has to come."""
    publisher: str | None = None
    """The only publisher whose delivery matters; None for all."""

    def verdict_on(self, event: Mapping[str, Any] | None) -> Verdict:
        """Return whether an event, as the events API returns it, has come far enough."""
        if event is None or not self._is_new(event):
            return Verdict()
        if self.until == Until.RECORDED:
            return Verdict(done=True)
        deliveries = self._deliveries(event["deliveries"])
        if not deliveries and self.publisher is not None:
            known = ", ".join(entry["publisher"] for entry in event["deliveries"]) or "no publisher"
            return Verdict(failure=f"It is not delivered to {self.publisher!r}, but to {known}.")
        failures = filter(None, (_failure(entry, self.until) for entry in deliveries))
        if failure := " ".join(failures):
            return Verdict(failure=failure)
        return Verdict(done=all(_has_arrived(entry, self.until) for entry in deliveries))

    def _is_new(self, event: Mapping[str, Any]) -> bool:
        if self.since is None:
            return True
        return _moment(event["created_at"]) >= _moment(self.since)

    def _deliveries(self, entries: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        if self.publisher is None:
            return entries
        return [entry for entry in entries if entry["publisher"] == self.publisher]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _has_arrived(delivery: Mapping[str, Any], until: Until) -> bool:
    if delivery["state"] != "delivered":
        return False
    return until == Until.DELIVERED or delivery["remote_state"] != "running"


def _failure(delivery: Mapping[str, Any], until: Until) -> str:
    """Return why a delivery cannot arrive any more, as a sentence; empty while it can."""
    publisher, state, remote = (
        delivery["publisher"],
        delivery["state"],
        delivery["remote_state"],
    )
    if state in {"dead", "cancelled"}:
        reason = next((str(entry.get("message", "")) for entry in _newest(delivery)), "")
        return f"The delivery to {publisher!r} is {state}. {reason}".strip()
    if until == Until.SUCCEEDED and remote in {"failed", "lost"}:
        detail = delivery.get("remote_detail") or remote
        parts = (f"The run at {publisher!r} is {remote} ({detail}).", _reason(delivery))
        return " ".join(filter(None, (*parts, delivery.get("receipt_url"))))
    return ""


def _reason(delivery: Mapping[str, Any]) -> str:
    """Return which task of a run has failed and why, if the project knows."""
    failure = delivery.get("remote_failure") or {}
    if not failure.get("exception"):
        return ""
    return f"Its task {failure.get('task', '')!r} has raised {failure['exception']}"


def _newest(delivery: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    errors = delivery.get("errors") or []
    return [entry for entry in reversed(errors) if isinstance(entry, dict)]
