"""The transitions that relays make between the states of a delivery.

All times are the database's own (`Now()`): no decision depends on the clock of a machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import connections, transaction
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Coalesce, Now

from dj_actions.outbox.attempts import (
    Attempt,
    Delivered,
    seconds_of,
    started_at,
    with_failure,
)
from dj_actions.outbox.claimed import Claimed
from dj_actions.outbox.ordering import DeadLetter, replaces
from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.outbox.queries.clock import from_now
from dj_actions.outbox.queries.postgres import settle_in_one_statement
from dj_actions.outbox.times import comparable
from dj_actions.states import DeliveryState, RemoteState

if TYPE_CHECKING:
    from dj_actions.models import Delivery

MAX_KEYS = 1000
"""Maximum number of ordering keys in a query: databases limit the number of parameters."""


class TransitionQueries(RecordQuerySet["Delivery"]):
    """Transitions of deliveries that are held under a lease."""

    def renew(self, token: UUID, *, lease: float) -> int:
        """Extend the lease of all deliveries that are held under a token; return how many."""
        return self._held(token).update(lease_expires_at=from_now(lease))

    def release(self, token: UUID, *, expired: bool = False) -> int:
        """SENDING → PENDING for all deliveries under a token, as if they were never claimed.

        Args:
            token: the lease.
            expired: only if the lease has expired, and was not renewed in the meantime.
        """
        return self._held(token, expired=expired).update(
            state=DeliveryState.PENDING,
            attempts=F("attempts") - 1,
            lease_token=None,
            lease_expires_at=None,
        )

    def mark_delivered(self, token: UUID, delivered: Sequence[Delivered]) -> set[int]:
        """SENDING → DELIVERED; return the ids of the deliveries that were still held.

        Args:
            token: the lease under which they are held.
            delivered: each delivery, with its receipt.
        """
        rows = self._on_write_database()
        if connections[rows.db].vendor == "postgresql":
            return settle_in_one_statement(self.model, token, delivered, using=rows.db)
        with transaction.atomic(using=rows.db):
            return {entry[0].pk for entry in delivered if rows._mark_one_delivered(token, entry)}

    def _mark_one_delivered(self, token: UUID, delivered: Delivered) -> bool:
        delivery, receipt, timing = delivered
        tracking: dict[str, Any] = (
            {"remote_state": RemoteState.RUNNING, "remote_check_at": Now()}
            if receipt.tracked
            else {}
        )
        return self._settle(
            delivery.pk,
            token,
            state=DeliveryState.DELIVERED,
            settled_at=Now(),
            first_sent_at=self._first_sent_at(started_at(timing)),
            sent_at=comparable(started_at(timing), using=self.db),
            sending_seconds=seconds_of(timing),
            sample_weight=1,
            receipt_id=receipt.id,
            receipt_url=receipt.url,
            receipt_scope=receipt.scope,
            receipt_parts=[asdict(part) for part in receipt.parts],
            **tracking,
        )

    def put_back(
        self,
        delivery: Claimed | Delivery,
        attempt: Attempt,
        *,
        wait: float,
        expired: bool = False,
    ) -> bool:
        """SENDING → PENDING after a failed attempt; return False if the lease was lost.

        Args:
            delivery: the delivery, held under its `lease_token`.
            attempt: how it failed, and whether that counts towards the limit of retries.
            wait: seconds until it may be claimed again.
            expired: only if the lease has expired, and was not renewed in the meantime.
        """
        return self._settle(
            delivery.pk,
            delivery.lease_token,
            expired=expired,
            state=DeliveryState.PENDING,
            available_at=from_now(wait),
            attempts=delivery.attempts if attempt.is_counted else delivery.attempts - 1,
            **self._with_failure(delivery, attempt),
        )

    def give_up(
        self, delivery: Claimed | Delivery, attempt: Attempt, *, expired: bool = False
    ) -> bool:
        """SENDING → DEAD; return False if the lease was lost.

        Args:
            delivery: the delivery, held under its `lease_token`.
            attempt: how it failed.
            expired: only if the lease has expired, and was not renewed in the meantime.
        """
        return self._settle(
            delivery.pk,
            delivery.lease_token,
            expired=expired,
            state=DeliveryState.DEAD,
            settled_at=Now(),
            **self._with_failure(delivery, attempt),
        )

    def supersede(self, token: UUID, delivered: Sequence[Delivered]) -> set[int]:
        """`mark_delivered`, and DEAD → CANCELLED for the dead letters that they replace.

        Args:
            token: the lease under which they are held.
            delivered: each delivery, with its receipt.

        Returns:
            The ids of the deliveries that were still held.
        """
        rows = self._on_write_database()
        with transaction.atomic(using=rows.db):
            held = rows.mark_delivered(token, delivered)
            arrived = [entry for entry, *_ in delivered if entry.pk in held]
            ordered = [entry for entry in arrived if entry.ordering_scope]
            if ordered:
                rows._cancel_replaced(ordered)
        return held

    def _cancel_replaced(self, delivered: Sequence[Claimed]) -> None:
        dead = self.filter(
            publisher=delivered[0].publisher,
            state=DeliveryState.DEAD,
            ordering_scope__in={entry.ordering_scope for entry in delivered},
        )
        keys = {key for entry in delivered for key in (entry.ordering_key, *entry.object_ids)}
        if len(keys) < MAX_KEYS:
            # Read only the candidates: dead letters with these keys, and those of bulk actions.
            dead = dead.filter(ordering_key__in={"", *keys})
        columns = ("pk", "ordering_scope", "event__object_ids")
        candidates = [DeadLetter._make(row) for row in dead.values_list(*columns)]
        replaced = [
            letter.pk
            for letter in candidates
            if any(replaces(entry, letter) for entry in delivered)
        ]
        if replaced:
            dead.filter(pk__in=replaced).update(state=DeliveryState.CANCELLED, settled_at=Now())

    def _held(self, token: UUID, *, expired: bool = False) -> Self:
        held = self.filter(state=DeliveryState.SENDING, lease_token=token)
        return held.filter(lease_expires_at__lt=Now()) if expired else held

    def _settle(self, pk: int, token: UUID | None, *, expired: bool = False, **values: Any) -> bool:
        if token is None:
            return False
        held = self._held(token, expired=expired).filter(pk=pk)
        return held.update(lease_token=None, lease_expires_at=None, **values) == 1

    def _with_failure(self, delivery: Claimed | Delivery, attempt: Attempt) -> dict[str, Any]:
        """Return the columns that record a failed attempt."""
        columns: dict[str, Any] = {"errors": with_failure(delivery.errors, attempt)}
        # Otherwise it is unknown when, or whether, the message was sent.
        if attempt.started_at and attempt.seconds is not None:
            columns["first_sent_at"] = self._first_sent_at(attempt.started_at)
        return columns

    def _first_sent_at(self, start: datetime) -> Coalesce:
        """Return the start of an attempt, unless there was an earlier one."""
        value = Value(comparable(start, using=self.db), output_field=DateTimeField())
        return Coalesce("first_sent_at", value)
