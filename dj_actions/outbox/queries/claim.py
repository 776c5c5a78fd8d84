"""The claim: who may have which deliveries now, and in which order.

Times are the database's own (`Now()`): no decision depends on the clock of a machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self
from uuid import UUID, uuid4

from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Now

from dj_actions.outbox.claimed import Claimed
from dj_actions.outbox.queries.clock import after
from dj_actions.outbox.queries.locks import try_lock
from dj_actions.outbox.queries.postgres import Place, claim_at_once, claimed_from
from dj_actions.outbox.queries.tracking import TrackingQuerySet
from dj_actions.policies import OnPoison
from dj_actions.states import DeliveryState

LARGEST_ID = 2**63 - 1


class ClaimingQuerySet(TrackingQuerySet):
    """Deliveries as relays claim them."""

    def due(self, publisher: str) -> Self:
        """Deliveries that a relay may claim now, the longest due first."""
        return self.filter(
            publisher=publisher, state=DeliveryState.PENDING, available_at__lte=Now()
        ).order_by("available_at", "pk")

    def due_in(self, publisher: str) -> float | None:
        """Return the seconds until the first of what waits is due, by the database's clock.

        Less than zero if it is due already, None if nothing waits.
        """
        waiting = self._primary().filter(publisher=publisher, state=DeliveryState.PENDING)
        times = waiting.annotate(now=Now()).values_list("available_at", "now")
        first = times.order_by("available_at").first()
        return (first[0] - first[1]).total_seconds() if first else None

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
            yield Q(pk__gt=Coalesce(self._first_dead(publisher), Value(LARGEST_ID)))

    def _first_dead(self, publisher: str) -> Subquery:
        """The first dead letter of a line: asked for once, not for each that waits behind it."""
        dead = self.model._default_manager.using(self.db).filter(
            publisher=publisher, state=DeliveryState.DEAD
        )
        return Subquery(dead.exclude(ordering_scope="").order_by("pk").values("pk")[:1])

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
