"""The claim: which deliveries a relay may send now, and in which order.

`postgres` and `postgres_order` have the statements for PostgreSQL. This is the portable way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Now

from dj_actions.conf import get_settings
from dj_actions.outbox.claimed import CLAIM_PARTS, Claim, Claimed, Scan, scan_of
from dj_actions.outbox.queries.base import MAX_ID, with_claim_time
from dj_actions.outbox.queries.clock import from_now
from dj_actions.outbox.queries.locks import try_locks
from dj_actions.outbox.queries.pending import PendingQueries
from dj_actions.outbox.queries.postgres import claim_in_one_statement
from dj_actions.outbox.queries.postgres_order import claim_in_order
from dj_actions.outbox.queries.publishers import NO_PUBLISHER
from dj_actions.policies import OnPoison
from dj_actions.states import DeliveryState

if TYPE_CHECKING:
    from dj_actions.models import Delivery


class ClaimQueries(PendingQueries):
    """Queries that claim deliveries for a relay."""

    def claim(
        self,
        publisher: str,
        *,
        limit: int,
        lease: float,
        probing: bool = False,
        on_poison: OnPoison | None = None,
        relay: str = "",
    ) -> list[Claimed]:
        """PENDING → SENDING for up to `limit` due deliveries; `Claim` has the arguments."""
        claim = Claim(
            publisher=publisher,
            limit=limit,
            lease=lease,
            probing=probing,
            on_poison=on_poison,
            relay=relay,
        )
        return self.scan(claim).deliveries

    def scan(self, claim: Claim) -> Scan:
        """PENDING → SENDING for due deliveries, and return how far the queue was read.

        No delivery is claimed while the publisher is paused or its circuit breaker is open, or if
        the data belong to another environment.
        """
        rows = self._on_write_database()
        if claim.on_poison:
            return rows._claim_in_order(claim, claim.on_poison)
        if rows._is_whole_queue():
            return claim_in_one_statement(self.model, claim, using=rows.db)
        with transaction.atomic(using=rows.db):
            return rows.due(claim.publisher)._take(claim)

    def _is_whole_queue(self) -> bool:
        """Return whether PostgreSQL's statements apply: they know no further conditions."""
        return connections[self.db].vendor == "postgresql" and not self.query.where

    def _claim_in_order(self, claim: Claim, on_poison: OnPoison) -> Scan:
        """Claim, in the order of commits, the deliveries that no earlier delivery blocks.

        One relay at a time for each part of the ordering keys: the next claim has to see the
        result of this one.
        """
        with transaction.atomic(using=self.db):
            if not try_locks(self._locks(claim), using=self.db):
                return Scan([], None, is_busy=True)
            scan = self._take_in_order(claim, on_poison)
        return scan()

    def _locks(self, claim: Claim) -> list[str]:
        is_whole = claim.part is None or not self._is_whole_queue()
        parts = range(CLAIM_PARTS) if is_whole else [claim.part]
        return [f"dj_actions.claim:{claim.publisher}:{part}" for part in parts]

    def _take_in_order(self, claim: Claim, on_poison: OnPoison) -> Callable[[], Scan]:
        """Claim; return what reads the claimed rows, for after the transaction."""
        if self._is_whole_queue():
            return claim_in_order(self.model, claim, on_poison, using=self.db)
        due = self.due(claim.publisher).order_by("pk")
        for is_blocked in self._blocked_by(claim.publisher, on_poison):
            due = due.exclude(is_blocked)
        # Wait for a row that another transaction has locked: later ones must not overtake it.
        taken = due._take(claim, skip_locked=False)
        return lambda: taken

    def _blocked_by(self, publisher: str, on_poison: OnPoison) -> Iterator[Q]:
        """Yield the conditions under which an earlier delivery blocks one.

        Due deliveries with the same key do not block: they may be sent in the same batch. Those
        with an empty key, which concern the whole scope, do: they may in turn be blocked by a
        delivery that does not concern this one.
        """
        rows = self.model._default_manager.using(self.db).filter(
            publisher=publisher, pk__lt=OuterRef("pk")
        )
        sending, dead = Q(state=DeliveryState.SENDING), Q(state=DeliveryState.DEAD)
        later = Q(state=DeliveryState.PENDING, available_at__gt=Now())
        pending = Q(state=DeliveryState.PENDING)
        if on_poison is OnPoison.PARK:
            sending |= dead
        same_scope = rows.filter(ordering_scope=OuterRef("ordering_scope"))
        is_ordered = ~Q(ordering_scope="")
        same_key = same_scope.filter(sending | later, ordering_key=OuterRef("ordering_key"))
        yield is_ordered & ~Q(ordering_key="") & Q(Exists(same_key))
        yield is_ordered & Q(Exists(same_scope.filter(sending | pending, ordering_key="")))
        yield is_ordered & Q(Exists(same_scope.filter(sending | pending)), ordering_key="")
        if on_poison is OnPoison.BLOCK:
            yield Q(pk__gt=Coalesce(self._first_dead(publisher), Value(MAX_ID)))

    def _take(self, claim: Claim, *, skip_locked: bool = True) -> Scan:
        """Claim the first of these rows, unless sending to the publisher is stopped."""
        candidates = (
            self.filter(~Exists(self._stopped(claim.publisher, probing=claim.probing)))
            .select_related("event")
            .annotate(database_time=Now())
        )
        locked = candidates.select_for_update(of=("self",), skip_locked=skip_locked)
        taken = with_claim_time(locked[: claim.limit])
        if taken:
            keys = [delivery.pk for delivery in taken]
            self.model._default_manager.using(self.db).filter(pk__in=keys).update(
                state=DeliveryState.SENDING,
                attempts=F("attempts") + 1,
                lease_token=claim.token,
                lease_expires_at=from_now(claim.lease),
                relay=claim.relay,
            )
        for delivery in taken:
            delivery.attempts += 1
        return scan_of(
            [Claimed.from_row(delivery, token=claim.token, using=self.db) for delivery in taken]
        )

    def _stopped(self, publisher: str, *, probing: bool) -> QuerySet[Any]:
        """Return what stops the publisher: its own state, or the environment of the data."""
        states = self.model._meta.apps.get_model("dj_actions", "PublisherState")
        reasons = Q(paused_at__isnull=False)
        if not probing:
            reasons |= Q(open_until__isnull=False)
        is_foreign = Q(alias=NO_PUBLISHER) & ~Q(open_reason=get_settings().environment)
        return states._default_manager.filter(Q(reasons, alias=publisher) | is_foreign)

    def expired(self, publisher: str, *, limit: int) -> list[Delivery]:
        """Return the deliveries whose lease has expired: their relay was killed or is stuck."""
        return with_claim_time(
            self._on_write_database()
            .filter(publisher=publisher, state=DeliveryState.SENDING, lease_expires_at__lt=Now())
            .select_related("event")
            .annotate(database_time=Now())
            .order_by("lease_expires_at", "available_at", "pk")[:limit]
        )
