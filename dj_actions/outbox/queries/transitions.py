"""Queries of deliveries, and the transitions between their states.

Times are the database's own (`Now()`): no decision depends on the clock of a machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self
from uuid import UUID

from django.db import connections, transaction
from django.db.models import F
from django.db.models.functions import Now

from dj_actions.messages import Receipt
from dj_actions.outbox.claimed import Claimed
from dj_actions.outbox.ordering import replaces
from dj_actions.outbox.queries.claim import ClaimingQuerySet
from dj_actions.outbox.queries.clock import after
from dj_actions.outbox.queries.postgres import settle_at_once
from dj_actions.outbox.queries.tracking import taken
from dj_actions.states import DeliveryState, RemoteState

if TYPE_CHECKING:
    from dj_actions.models import Delivery

MOST_KEYS = 1000
"""How many keys a query may name: databases and drivers take no end of parameters."""

MAX_ERRORS = 10
"""How many errors a delivery remembers: the latest ones."""


class Held(Protocol):
    """A delivery that is held under a lease: as a relay claimed it, or a row."""

    @property
    def pk(self) -> Any:
        """Its key."""

    @property
    def lease_token(self) -> UUID | None:
        """Under which it is held."""

    @property
    def attempts(self) -> int:
        """How often it has been tried."""

    @property
    def errors(self) -> Any:
        """What has gone wrong with it so far."""


class Dead(NamedTuple):
    """A dead letter, as far as it matters whether it is replaced."""

    pk: int
    ordering_scope: str
    object_ids: list[str]


class DeliveryQuerySet(ClaimingQuerySet):
    """Queries of deliveries; the transitions compare and set, so that two cannot both win."""

    def renew(self, token: UUID, *, lease: float) -> int:
        """Prolong the lease of all that is still held under this token; return how many."""
        return self._held(token).update(lease_expires_at=after(lease))

    def release(self, token: UUID, *, expired: bool = False) -> int:
        """SENDING → PENDING for all that is still held, as if it had never been claimed.

        Args:
            expired: only if the lease has run out and was not renewed meanwhile.
        """
        return self._held(token, expired=expired).update(
            state=DeliveryState.PENDING,
            attempts=F("attempts") - 1,
            lease_token=None,
            lease_expires_at=None,
        )

    def mark_delivered(self, token: UUID, receipts: Sequence[tuple[int, Receipt]]) -> set[int]:
        """SENDING → DELIVERED for many; return the keys of those whose lease was still ours.

        Args:
            token: the lease under which they are held.
            receipts: the key of each, with what its destination answered.
        """
        rows = self._primary()
        if connections[rows.db].vendor == "postgresql":
            return settle_at_once(self.model, token, receipts, using=rows.db)
        with transaction.atomic(using=rows.db):
            return {pk for pk, receipt in receipts if rows._mark_one(token, pk, receipt)}

    def _mark_one(self, token: UUID, pk: int, receipt: Receipt) -> bool:
        tracking: dict[str, Any] = (
            {"remote_state": RemoteState.RUNNING, "remote_check_at": Now()}
            if receipt.tracked
            else {}
        )
        return self._settle(
            pk,
            token,
            state=DeliveryState.DELIVERED,
            settled_at=Now(),
            receipt_id=receipt.id,
            receipt_url=receipt.url,
            receipt_scope=receipt.scope,
            **tracking,
        )

    def put_back(
        self,
        delivery: Held,
        *,
        wait: float,
        error: dict[str, Any],
        counted: bool,
        expired: bool = False,
    ) -> bool:
        """SENDING → PENDING after a failed try; False if the lease has gone to another relay.

        Args:
            wait: seconds until it may be claimed again.
            error: what happened, for people.
            counted: whether the try counts towards giving up.
            expired: only if the lease has run out and was not renewed meanwhile.
        """
        return self._settle(
            delivery.pk,
            delivery.lease_token,
            expired=expired,
            state=DeliveryState.PENDING,
            available_at=after(wait),
            attempts=delivery.attempts if counted else delivery.attempts - 1,
            errors=_with_error(delivery, error),
        )

    def give_up(self, delivery: Held, *, error: dict[str, Any], expired: bool = False) -> bool:
        """SENDING → DEAD; False if the lease has gone to another relay.

        Args:
            error: what happened, for people.
            expired: only if the lease has run out and was not renewed meanwhile.
        """
        return self._settle(
            delivery.pk,
            delivery.lease_token,
            expired=expired,
            state=DeliveryState.DEAD,
            settled_at=Now(),
            errors=_with_error(delivery, error),
        )

    def supersede(self, token: UUID, arrived: Sequence[tuple[Claimed, Receipt]]) -> set[int]:
        """`mark_delivered`, and DEAD → CANCELLED for those of their lines that they replace.

        Args:
            token: the lease under which they are held.
            arrived: each, with what its destination answered.
        """
        rows = self._primary()
        with transaction.atomic(using=rows.db):
            held = rows.mark_delivered(token, [(entry.pk, receipt) for entry, receipt in arrived])
            in_line = [entry for entry, _ in arrived if entry.pk in held and entry.ordering_scope]
            if in_line:
                rows._cancel_replaced(in_line)
        return held

    def _cancel_replaced(self, arrived: Sequence[Claimed]) -> None:
        dead = self.filter(
            publisher=arrived[0].publisher,
            state=DeliveryState.DEAD,
            ordering_scope__in={entry.ordering_scope for entry in arrived},
        )
        keys = {key for entry in arrived for key in (entry.ordering_key, *entry.object_ids)}
        if len(keys) < MOST_KEYS:
            # No more than can be replaced; and all of bulk actions, which may be.
            dead = dead.filter(ordering_key__in={"", *keys})
        columns = ("pk", "ordering_scope", "event__object_ids")
        earlier = [Dead._make(row) for row in dead.values_list(*columns)]
        replaced = [one.pk for one in earlier if any(replaces(entry, one) for entry in arrived)]
        if replaced:
            dead.filter(pk__in=replaced).update(state=DeliveryState.CANCELLED, settled_at=Now())

    def expired(self, publisher: str, *, limit: int) -> list[Delivery]:
        """Deliveries whose relay has let its lease run out: it was killed, or hangs."""
        return taken(
            self._primary()
            .filter(publisher=publisher, state=DeliveryState.SENDING, lease_expires_at__lt=Now())
            .select_related("event")
            .annotate(database_time=Now())
            .order_by("lease_expires_at", "available_at", "pk")[:limit]
        )

    def of_unknown_publishers(self, known: Iterable[str]) -> Self:
        """Open deliveries whose publisher is not configured any more."""
        return self.open().exclude(publisher__in=list(known))

    def _held(self, token: UUID, *, expired: bool = False) -> Self:
        held = self.filter(state=DeliveryState.SENDING, lease_token=token)
        return held.filter(lease_expires_at__lt=Now()) if expired else held

    def _settle(self, pk: int, token: UUID | None, *, expired: bool = False, **values: Any) -> bool:
        if token is None:
            return False
        held = self._held(token, expired=expired).filter(pk=pk)
        return held.update(lease_token=None, lease_expires_at=None, **values) == 1


def _with_error(delivery: Held, error: dict[str, Any]) -> list[dict[str, Any]]:
    """Append an error; one that only repeats the last is counted instead."""
    *earlier, last = delivery.errors or [{}]
    if (last.get("kind"), last.get("message")) == (error["kind"], error["message"]):
        return [*earlier, error | {"times": last.get("times", 1) + 1}]
    return [*delivery.errors, error][-MAX_ERRORS:]
