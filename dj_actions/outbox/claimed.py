"""A claim, and its result: deliveries that one relay holds under a lease."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import UUID, uuid4

from dj_actions.outbox.times import aware
from dj_actions.policies import OnPoison

if TYPE_CHECKING:
    from dj_actions.models import Delivery

CLAIM_PARTS = 4
"""Parts of the ordering keys, from each of which one relay at a time claims in order."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Cursor = tuple[datetime, int]
"""Position of a delivery in the queue of a publisher: when it became due, and its primary key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a lane requests: due deliveries of a publisher, under one new lease token."""

    publisher: str
    """Alias of the publisher."""

    limit: int
    """Maximum number of deliveries."""

    lease: float
    """Seconds until another relay may take them over."""

    probing: bool = False
    """Whether to claim although the circuit breaker is open."""

    after: Cursor | None = None
    """Only deliveries after this position of the queue, so that the database does not scan the
    positions that were read before. A hint: SQLite ignores it. Deliveries that commit late,
    or were blocked, may be before it."""

    on_poison: OnPoison | None = None
    """How a dead letter affects later deliveries; None if the publisher does not keep an order."""

    part: int | None = None
    """Only deliveries of one of the `CLAIM_PARTS` parts of the ordering keys; None for all. Only
    PostgreSQL makes the difference."""

    relay: str = ""
    """Host and process id of the relay that claims."""

    token: UUID = field(default_factory=uuid4)
    """The lease token."""


class Scan(NamedTuple):
    """The result of a claim."""

    deliveries: list[Claimed]
    end: Cursor | None
    """The position of the last delivery that was read; None if there was none."""

    is_busy: bool = False
    """Whether another relay is claiming, so that nothing was read."""


class Claimed(NamedTuple):
    """A delivery and its event, as they were when the delivery was claimed.

    A tuple with times in microseconds since 1970: a relay creates thousands of them per second,
    and rarely reads more of one than its message.
    """

    publisher: str
    lease_token: UUID
    """Distinguishes this claim from later claims of the same row."""

    pk: int
    options: dict[str, Any] | None
    """Options of its route; None if they were not recorded."""

    attempts: int
    """Number of attempts, including the one that now begins."""

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
    parent_id: UUID | None
    created_microseconds: int

    @classmethod
    def from_row(cls, delivery: Delivery, *, token: UUID, using: str) -> Self:
        """Return the value for a row that the ORM has claimed.

        Args:
            delivery: the row, with its event and the `claimed_at` of the claim.
            token: the lease token that was written to the row.
            using: alias of the database that the row was read from.
        """
        event = delivery.event
        return cls(
            publisher=delivery.publisher,
            lease_token=token,
            pk=delivery.pk,
            options=delivery.options,
            attempts=delivery.attempts,
            claimed_microseconds=_microseconds(delivery.claimed_at, using=using),
            queued_microseconds=_microseconds(delivery.queued_at, using=using),
            available_microseconds=_microseconds(delivery.available_at, using=using),
            errors=delivery.errors,
            ordering_scope=delivery.ordering_scope,
            ordering_key=delivery.ordering_key,
            event_id=event.pk,
            resource=event.resource,
            action=event.action,
            version=event.version,
            object_id=event.object_id,
            object_ids=event.object_ids,
            actor_id=event.actor_id,
            actor_label=event.actor_label,
            request_data=event.request_data,
            response_data=event.response_data,
            summary=event.summary,
            recipients=event.recipients,
            extra=event.extra,
            traceparent=event.traceparent,
            parent_id=event.parent_id,
            created_microseconds=_microseconds(event.created_at, using=using),
        )

    @property
    def position(self) -> Cursor:
        """Its position in the queue of its publisher."""
        return self.available_at, self.pk

    @property
    def label(self) -> str:
        """Resource and action, for example `todo.mark_done`."""
        return f"{self.resource}.{self.action}"

    @property
    def claimed_at(self) -> datetime:
        """When it was claimed, by the database's clock."""
        return datetime_of(self.claimed_microseconds)

    @property
    def queued_at(self) -> datetime:
        """When it was queued; its age counts from here."""
        return datetime_of(self.queued_microseconds)

    @property
    def available_at(self) -> datetime:
        """When it became due."""
        return datetime_of(self.available_microseconds)

    @property
    def created_at(self) -> datetime:
        """When the event was recorded."""
        return datetime_of(self.created_microseconds)


def scan_of(deliveries: list[Claimed]) -> Scan:
    """Return the result of a claim that read no more deliveries than it took."""
    return Scan(deliveries, deliveries[-1].position if deliveries else None)


def datetime_of(microseconds: int) -> datetime:
    """Return the time of a number of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)


def _microseconds(time: datetime, *, using: str) -> int:
    return (aware(time, using=using) - EPOCH) // timedelta(microseconds=1)
