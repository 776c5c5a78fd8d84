"""The attempts of a delivery: when each one began, how long it took, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from dj_actions.messages import Receipt
from dj_actions.outbox.claimed import datetime_of
from dj_actions.outbox.times import aware

if TYPE_CHECKING:
    from dj_actions.models import Delivery
    from dj_actions.outbox.claimed import Claimed

DELIVERED = "delivered"
"""The kind of the attempt that succeeded; those of failures are in `relay.failures`."""

MAX_NEWEST = 20
"""Failed attempts that a delivery keeps, in addition to the first one: the newest."""

RELAY_LENGTH = 255
"""Characters of the name of a relay."""

MICROSECOND = 1e-6


Timing: TypeAlias = tuple[int, int]
"""When an attempt began, in microseconds since 1970 by the database's clock, and how many it took.

This and `Delivered` are plain tuples: a relay creates thousands of them per second.
"""

Delivered: TypeAlias = "tuple[Claimed, Receipt, Timing]"
"""A delivery that has arrived, with its receipt and the timing of its attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to deliver, as it is kept with the delivery."""

    number: int | None
    """Which attempt it was; one that does not count has the number of the next one that does."""

    started_at: datetime | None
    """When it began, by the database's clock; if its relay was killed, when another one took the
    delivery over. None if it was recorded without."""

    seconds: float | None = None
    """How long the publisher took. None if that is not known: its relay was killed, or an earlier
    release has recorded it."""

    kind: str
    """How it ended: `delivered`, or the kind of its error, for example `unavailable`."""

    message: str = ""
    """The message of the error."""

    status: int | None = None
    """HTTP status of the destination's response; None without a response."""

    relay: str = ""
    """Host and process id of the relay, for example `web-1:4711`."""

    is_counted: bool = True
    """Whether it counts towards the limit of retries."""

    times: int = 1
    """How many attempts in a row have ended like this one, including it."""

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Self:
        """Return the attempt for an entry of `Delivery.errors`, of this or an earlier release."""
        return cls(
            number=entry.get("attempt"),
            started_at=_time(entry.get("at")),
            seconds=entry.get("seconds"),
            kind=entry.get("kind", ""),
            message=entry.get("message", ""),
            status=entry.get("status"),
            relay=entry.get("relay", ""),
            is_counted=entry.get("counted", True),
            times=entry.get("times", 1),
        )

    def as_entry(self) -> dict[str, Any]:
        """Return the entry for `Delivery.errors`, without what is empty."""
        entry: dict[str, Any] = {
            "at": self.started_at and self.started_at.isoformat(),
            "attempt": self.number,
            "kind": self.kind,
            "message": self.message,
        }
        if self.seconds is not None:
            entry["seconds"] = round(self.seconds, 6)
        if self.status is not None:
            entry["status"] = self.status
        if self.relay:
            entry["relay"] = self.relay
        if not self.is_counted:
            entry["counted"] = False
        return entry


def started_at(timing: Timing) -> datetime:
    """Return when an attempt began."""
    return datetime_of(timing[0])


def seconds_of(timing: Timing) -> float:
    """Return how long an attempt took."""
    return timing[1] * MICROSECOND


def with_failure(errors: Sequence[Mapping[str, Any]], attempt: Attempt) -> list[Mapping[str, Any]]:
    """Return the entries of `Delivery.errors` with one more: the first, and the newest ones."""
    entry = attempt.as_entry()
    if errors and ends_alike(errors[-1], entry):
        entry["times"] = errors[-1].get("times", 1) + 1
    first, newest = errors[:1], errors[1:]
    return [*first, *[*newest, entry][-MAX_NEWEST:]]


def ends_alike(entry: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two entries of `Delivery.errors` have the same kind and message."""
    return (entry.get("kind"), entry.get("message")) == (other.get("kind"), other.get("message"))


def attempts_of(delivery: Delivery) -> tuple[Attempt, ...]:
    """Return the attempts that a delivery keeps, the oldest first."""
    failures = tuple(map(Attempt.from_entry, delivery.errors))
    if delivery.sent_at is None:
        return failures
    success = Attempt(
        number=delivery.attempts,
        started_at=aware(delivery.sent_at, using=str(delivery._state.db)),
        seconds=delivery.sending_seconds,
        kind=DELIVERED,
        relay=delivery.relay,
    )
    return (*failures, success)


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
