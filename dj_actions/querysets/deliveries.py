"""Queries of deliveries, and the transitions between their states.

Times are the database's own (`Now()`): no decision depends on the clock of a machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self
from uuid import UUID, uuid4

from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from dj_actions.claims import Claimed
from dj_actions.messages import Receipt, RemoteRun
from dj_actions.ordering import OnPoison
from dj_actions.querysets.claims import Place, claim_at_once, claimed_from, settle_at_once
from dj_actions.querysets.moments import after
from dj_actions.querysets.operators import OperatorQuerySet
from dj_actions.querysets.server import try_lock
from dj_actions.states import DeliveryState, RemoteState
from dj_actions.storable import cleaned

if TYPE_CHECKING:
    from dj_actions.models import Delivery

DETAIL_LENGTH = 255
"""Characters of a destination's own word for a state that are kept."""

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


class DeliveryQuerySet(OperatorQuerySet):
    """Queries of deliveries; the transitions compare and set, so that two cannot both win."""

    def due(self, publisher: str) -> Self:
        """Deliveries that a relay may claim now, the longest due first."""
        return self.filter(
            publisher=publisher, state=DeliveryState.PENDING, available_at__lte=Now()
        ).order_by("available_at", "pk")

    def claim(
        self,
        publisher: str,
        *,
        limit: int,
        lease: float,
        probing: bool = False,
        behind: Place | None = None,
        on_poison: OnPoison | None = None,
    ) -> list[Claimed]:
        """PENDING → SENDING for up to `limit` due deliveries, under one new lease token.

        Nothing of a publisher that is paused, or whose breaker is open.

        Args:
            lease: seconds until another relay may take them over.
            probing: whether the breaker's being open does not matter.
            behind: only what stands in line behind this place. It spares the database the way
                past what it has handed out before; some come late and stand further in front.
            on_poison: of a publisher that keeps an order, what a dead letter does to later ones.
        """
        token = uuid4()
        rows = self._primary()
        if on_poison:
            return rows._claim_in_order(
                publisher, token, limit=limit, lease=lease, probing=probing, on_poison=on_poison
            )
        if connections[rows.db].vendor == "postgresql" and not rows.query.where:
            return claim_at_once(
                self.model,
                publisher,
                token=token,
                limit=limit,
                lease=lease,
                probing=probing,
                behind=behind,
                using=rows.db,
            )
        return rows._claim_selected(publisher, token, limit=limit, lease=lease, probing=probing)

    def _claim_in_order(
        self,
        publisher: str,
        token: UUID,
        *,
        limit: int,
        lease: float,
        probing: bool,
        on_poison: OnPoison,
    ) -> list[Claimed]:
        """Claim, in the order of commits, what no earlier delivery of its line keeps waiting.

        One relay at a time: another's claim has to be seen before the next may follow it.
        """
        with transaction.atomic(using=self.db):
            if not try_lock(f"dj_actions.claim:{publisher}", using=self.db):
                return []
            due = self.due(publisher).order_by("pk")
            for in_the_way in self._in_the_way(publisher, on_poison):
                due = due.exclude(in_the_way)
            # One that somebody is changing is waited for: those behind it must not pass it.
            return due._take(
                publisher, token, limit=limit, lease=lease, probing=probing, skip_locked=False
            )

    def _in_the_way(self, publisher: str, on_poison: OnPoison) -> Iterator[Q]:
        """Yield what keeps a delivery waiting: earlier ones that may still be sent.

        Those of its own key may be sent in the same batch, if they are due. Of a whole scope
        they may not: one of them may wait for something that does not concern this one.
        """
        rows = self.model._default_manager.using(self.db).filter(
            publisher=publisher, pk__lt=OuterRef("pk")
        )
        sending, dead = Q(state=DeliveryState.SENDING), Q(state=DeliveryState.DEAD)
        later = Q(state=DeliveryState.PENDING, available_at__gt=Now())
        pending = Q(state=DeliveryState.PENDING)
        if on_poison is OnPoison.PARK:
            sending |= dead
        scope = rows.filter(ordering_scope=OuterRef("ordering_scope"))
        in_line = ~Q(ordering_scope="")
        same_key = scope.filter(sending | later, ordering_key=OuterRef("ordering_key"))
        yield in_line & ~Q(ordering_key="") & Q(Exists(same_key))
        yield in_line & Q(Exists(scope.filter(sending | pending, ordering_key="")))
        yield in_line & Q(Exists(scope.filter(sending | pending)), ordering_key="")
        if on_poison is OnPoison.BLOCK:
            yield Q(Exists(rows.filter(dead).exclude(ordering_scope="")))

    def _claim_selected(
        self, publisher: str, token: UUID, *, limit: int, lease: float, probing: bool
    ) -> list[Claimed]:
        """Claim by the ORM: some of the rows, or on SQLite."""
        with transaction.atomic(using=self.db):
            return self.due(publisher)._take(
                publisher, token, limit=limit, lease=lease, probing=probing
            )

    def _take(
        self,
        publisher: str,
        token: UUID,
        *,
        limit: int,
        lease: float,
        probing: bool,
        skip_locked: bool = True,
    ) -> list[Claimed]:
        """Take the first of these rows, unless the publisher is stopped."""
        locked = (
            self.filter(~Exists(self._stopped(publisher, probing=probing)))
            .select_related("event")
            .annotate(database_time=Now())
        )
        taken = list(locked.select_for_update(of=("self",), skip_locked=skip_locked)[:limit])
        if taken:
            keys = [delivery.pk for delivery in taken]
            self.model._default_manager.using(self.db).filter(pk__in=keys).update(
                state=DeliveryState.SENDING,
                attempts=F("attempts") + 1,
                lease_token=token,
                lease_expires_at=after(lease),
            )
        for delivery in taken:
            delivery.attempts += 1
        return [claimed_from(delivery, token) for delivery in taken]

    def _stopped(self, publisher: str, *, probing: bool) -> QuerySet[Any]:
        states = self.model._meta.apps.get_model("dj_actions", "PublisherState")
        reasons = Q(paused_at__isnull=False)
        if not probing:
            reasons |= Q(open_until__isnull=False)
        return states._default_manager.filter(reasons, alias=publisher)

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

    def supersede(self, arrived: Claimed) -> int:
        """DEAD → CANCELLED for those that one of their line has replaced by arriving; how many."""
        line = self.filter(
            publisher=arrived.publisher,
            state=DeliveryState.DEAD,
            ordering_scope=arrived.ordering_scope,
            pk__lt=arrived.pk,
        )
        if arrived.ordering_key:
            line = line.filter(ordering_key=arrived.ordering_key)
        return line.update(state=DeliveryState.CANCELLED, settled_at=Now())

    def expired(self, publisher: str, *, limit: int) -> list[Delivery]:
        """Deliveries whose relay has let its lease run out: it was killed, or hangs."""
        return _taken(
            self._primary()
            .filter(publisher=publisher, state=DeliveryState.SENDING, lease_expires_at__lt=Now())
            .select_related("event")
            .annotate(database_time=Now())
            .order_by("lease_expires_at", "available_at", "pk")[:limit]
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

    def _held(self, token: UUID, *, expired: bool = False) -> Self:
        held = self.filter(state=DeliveryState.SENDING, lease_token=token)
        return held.filter(lease_expires_at__lt=Now()) if expired else held

    def _settle(self, pk: int, token: UUID | None, *, expired: bool = False, **values: Any) -> bool:
        if token is None:
            return False
        held = self._held(token, expired=expired).filter(pk=pk)
        return held.update(lease_token=None, lease_expires_at=None, **values) == 1


def _taken(deliveries: Iterable[Any]) -> list[Delivery]:
    """Note on each row when, by the database's clock, it was taken."""
    taken = list(deliveries)
    for delivery in taken:
        delivery.claimed_at = delivery.database_time
    return taken


def _with_error(delivery: Held, error: dict[str, Any]) -> list[dict[str, Any]]:
    """Append an error; one that only repeats the last is counted instead."""
    *earlier, last = delivery.errors or [{}]
    if (last.get("kind"), last.get("message")) == (error["kind"], error["message"]):
        return [*earlier, error | {"times": last.get("times", 1) + 1}]
    return [*delivery.errors, error][-MAX_ERRORS:]
