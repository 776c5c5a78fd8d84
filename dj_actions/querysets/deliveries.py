"""Queries of deliveries, and the transitions between their states.

Times are the database's own (`Now()`): no decision depends on the clock of a machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID, uuid4

from django.db import models, router, transaction
from django.db.models import F
from django.db.models.functions import Now

from dj_actions.messages import Receipt, RemoteRun
from dj_actions.states import DeliveryState, RemoteState
from dj_actions.storable import cleaned

if TYPE_CHECKING:
    from dj_actions.models import Delivery

DETAIL_LENGTH = 255
"""Characters of a destination's own word for a state that are kept."""

MAX_ERRORS = 10
"""How many errors a delivery remembers: the latest ones."""


def after(seconds: float) -> models.Expression:
    """Return the moment so many seconds from now, by the database's clock."""
    if not seconds:
        return Now()  # not `Now() + 0`, which SQLite writes as a later text of the same moment
    return models.ExpressionWrapper(
        Now() + timedelta(seconds=seconds), output_field=models.DateTimeField()
    )


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Queries of deliveries; the transitions compare and set, so that two cannot both win."""

    def due(self, publisher: str) -> Self:
        """Deliveries that a relay may claim now, the longest due first."""
        return self.filter(
            publisher=publisher, state=DeliveryState.PENDING, available_at__lte=Now()
        ).order_by("available_at", "pk")

    def claim(self, publisher: str, *, limit: int, lease: float) -> list[Delivery]:
        """PENDING → SENDING for up to `limit` due deliveries, under one new lease token.

        Args:
            lease: seconds until another relay may take them over.
        """
        token = uuid4()
        rows = self._primary()
        with transaction.atomic(using=rows.db):
            due = rows.due(publisher).select_related("event").annotate(database_time=Now())
            claimed = list(due.select_for_update(of=("self",), skip_locked=True)[:limit])
            if claimed:
                rows.filter(pk__in=[delivery.pk for delivery in claimed]).update(
                    state=DeliveryState.SENDING,
                    attempts=F("attempts") + 1,
                    lease_token=token,
                    lease_expires_at=after(lease),
                )
        for delivery in claimed:
            delivery.attempts += 1
            delivery.lease_token = token
        return _taken(claimed)

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

    def mark_delivered(self, delivery: Delivery, receipt: Receipt) -> bool:
        """SENDING → DELIVERED; False if the lease has gone to another relay."""
        tracking: dict[str, Any] = (
            {"remote_state": RemoteState.RUNNING, "remote_check_at": Now()}
            if receipt.tracked
            else {}
        )
        return self._settle(
            delivery,
            state=DeliveryState.DELIVERED,
            settled_at=Now(),
            receipt_id=receipt.id,
            receipt_url=receipt.url,
            receipt_scope=receipt.scope,
            **tracking,
        )

    def put_back(
        self,
        delivery: Delivery,
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
            delivery,
            expired=expired,
            state=DeliveryState.PENDING,
            available_at=after(wait),
            attempts=delivery.attempts if counted else delivery.attempts - 1,
            errors=_with_error(delivery, error),
        )

    def give_up(self, delivery: Delivery, *, error: dict[str, Any], expired: bool = False) -> bool:
        """SENDING → DEAD; False if the lease has gone to another relay.

        Args:
            error: what happened, for people.
            expired: only if the lease has run out and was not renewed meanwhile.
        """
        return self._settle(
            delivery,
            expired=expired,
            state=DeliveryState.DEAD,
            settled_at=Now(),
            errors=_with_error(delivery, error),
        )

    def expired(self, publisher: str, *, limit: int) -> list[Delivery]:
        """Deliveries whose relay has let its lease run out: it was killed, or hangs."""
        return _taken(
            self._primary()
            .filter(publisher=publisher, state=DeliveryState.SENDING, lease_expires_at__lt=Now())
            .select_related("event")
            .annotate(database_time=Now())
            .order_by("lease_expires_at", "available_at", "pk")[:limit]
        )

    def open(self) -> Self:
        """Deliveries that some relay will still touch."""
        return self.filter(state__in=(DeliveryState.PENDING, DeliveryState.SENDING))

    def retry_now(self) -> int:
        """Make waiting deliveries due at once; return how many."""
        return self.filter(state=DeliveryState.PENDING).update(available_at=Now())

    def cancel(self) -> int:
        """PENDING → CANCELLED; return how many."""
        return self.filter(state=DeliveryState.PENDING).update(
            state=DeliveryState.CANCELLED, settled_at=Now()
        )

    def replay(self) -> int:
        """DEAD → PENDING with a fresh count of attempts and age; return how many."""
        return self.filter(state=DeliveryState.DEAD).update(
            state=DeliveryState.PENDING,
            attempts=0,
            queued_at=Now(),
            available_at=Now(),
            settled_at=None,
        )

    def claim_tracking(self, publisher: str, *, limit: int, interval: float) -> list[Delivery]:
        """Running remote runs whose turn it is to be asked about, hidden from other trackers.

        Args:
            interval: seconds until another tracker may ask, should this one die.
        """
        rows = self._primary()
        with transaction.atomic(using=rows.db):
            due = list(
                rows.filter(
                    publisher=publisher,
                    remote_state=RemoteState.RUNNING,
                    remote_check_at__lte=Now(),
                )
                .annotate(database_time=Now())
                .order_by("remote_check_at")
                .select_for_update(skip_locked=True)[:limit]
            )
            rows.filter(pk__in=[delivery.pk for delivery in due]).update(
                remote_check_at=after(interval)
            )
        return _taken(due)

    def record_progress(self, delivery: Delivery, run: RemoteRun, *, wait: float) -> bool:
        """RUNNING → RUNNING: keep the destination's word, ask again after `wait` seconds."""
        return (
            self._tracked(delivery).update(
                remote_detail=cleaned(run.detail, DETAIL_LENGTH),
                remote_check_at=after(wait),
            )
            == 1
        )

    def record_end(self, delivery: Delivery, run: RemoteRun) -> bool:
        """RUNNING → SUCCEEDED, FAILED or LOST; False if another tracker was faster."""
        return (
            self._tracked(delivery).update(
                remote_state=run.state,
                remote_detail=cleaned(run.detail, DETAIL_LENGTH),
                remote_check_at=None,
                remote_ended_at=Now(),
            )
            == 1
        )

    def _tracked(self, delivery: Delivery) -> Self:
        return self.filter(pk=delivery.pk, remote_state=RemoteState.RUNNING)

    def of_unknown_publishers(self, known: Iterable[str]) -> Self:
        """Open deliveries whose publisher is not configured any more."""
        return self.open().exclude(publisher__in=list(known))

    def _primary(self) -> Self:
        """The same rows where writes go: with replicas, reads may be routed elsewhere."""
        return self.using(router.db_for_write(self.model))

    def _held(self, token: UUID, *, expired: bool = False) -> Self:
        held = self.filter(state=DeliveryState.SENDING, lease_token=token)
        return held.filter(lease_expires_at__lt=Now()) if expired else held

    def _settle(self, delivery: Delivery, *, expired: bool = False, **values: Any) -> bool:
        if delivery.lease_token is None:
            return False
        held = self._held(delivery.lease_token, expired=expired).filter(pk=delivery.pk)
        return held.update(lease_token=None, lease_expires_at=None, **values) == 1


def _taken(deliveries: Iterable[Any]) -> list[Delivery]:
    """Note on each row when, by the database's clock, it was taken."""
    taken = list(deliveries)
    for delivery in taken:
        delivery.claimed_at = delivery.database_time
    return taken


def _with_error(delivery: Delivery, error: dict[str, Any]) -> list[dict[str, Any]]:
    """Append an error; one that only repeats the last is counted instead."""
    *earlier, last = delivery.errors or [{}]
    if (last.get("kind"), last.get("message")) == (error["kind"], error["message"]):
        return [*earlier, error | {"times": last.get("times", 1) + 1}]
    return [*delivery.errors, error][-MAX_ERRORS:]
