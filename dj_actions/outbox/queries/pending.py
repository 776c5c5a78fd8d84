"""The deliveries that wait: which are due, and what the others wait for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from django.db.models import Case, Max, Q, RowRange, Subquery, Value, When, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Now

from dj_actions.outbox.queries.base import MAX_ID, RecordQuerySet
from dj_actions.policies import OnPoison
from dj_actions.states import DeliveryState

if TYPE_CHECKING:
    from dj_actions.models import Delivery  # noqa: F401 - the base class names it


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCounts:
    """The number of pending deliveries of one publisher."""

    due: int
    """Those that a relay may claim now, unless something stops it."""

    blocked: int
    """Those of them that wait for an earlier delivery with the same ordering key."""

    later: int
    """Those that are due later: a failed attempt is followed by a wait."""

    due_in: float | None
    """Seconds until the first of the later ones is due, by the database's clock."""


class PendingQueries(RecordQuerySet["Delivery"]):
    """Queries of pending deliveries."""

    def due(self, publisher: str) -> Self:
        """Return the deliveries that a relay may claim now, the longest due first."""
        return self.filter(
            publisher=publisher, state=DeliveryState.PENDING, available_at__lte=Now()
        ).order_by("available_at", "pk")

    def due_in(self, publisher: str) -> float | None:
        """Return the seconds until the next pending delivery is due, by the database's clock.

        Negative if it is due already; None if no delivery is pending.
        """
        pending = self._on_write_database().filter(publisher=publisher, state=DeliveryState.PENDING)
        times = pending.annotate(now=Now()).values_list("available_at", "now")
        first = times.order_by("available_at").first()
        return (first[0] - first[1]).total_seconds() if first else None

    def count_pending(self, publisher: str, *, on_poison: OnPoison | None) -> PendingCounts:
        """Count the pending deliveries of a publisher by what they wait for.

        Args:
            publisher: alias of the publisher.
            on_poison: as for `claim`.
        """
        rows = self._on_write_database()
        due = rows.due(publisher).order_by()
        later = rows.filter(
            publisher=publisher, state=DeliveryState.PENDING, available_at__gt=Now()
        )
        times = later.annotate(now=Now()).order_by("available_at")
        first = times.values_list("available_at", "now").first()
        return PendingCounts(
            due=due.count(),
            blocked=rows._count_blocked(publisher, on_poison) if on_poison else 0,
            later=later.count(),
            due_in=(first[0] - first[1]).total_seconds() if first else None,
        )

    def _count_blocked(self, publisher: str, on_poison: OnPoison) -> int:
        """Count the due deliveries that an earlier one blocks, in one pass over the open ones."""
        waits = Case(When(state=DeliveryState.PENDING, available_at__lte=Now(), then=0), default=1)
        concerns_all = Case(When(ordering_key="", then=1), default=0)
        states = [DeliveryState.PENDING, DeliveryState.SENDING]
        if on_poison is OnPoison.PARK:
            states.append(DeliveryState.DEAD)
        lines = self.filter(publisher=publisher, state__in=states).exclude(ordering_scope="")
        blocked = lines.annotate(
            blocked_in_line=_max_of_earlier(waits, "ordering_scope", "ordering_key"),
            blocked_in_scope=_max_of_earlier(concerns_all, "ordering_scope"),
            follows_in_scope=_max_of_earlier(Value(1), "ordering_scope"),
        ).filter(
            Q(blocked_in_line=1) | Q(blocked_in_scope=1) | Q(follows_in_scope=1, ordering_key="")
        )
        is_blocked = Q(pk__in=blocked.values("pk"))
        if on_poison is OnPoison.BLOCK:
            is_blocked |= Q(pk__gt=Coalesce(self._first_dead(publisher), Value(MAX_ID)))
        return self.due(publisher).order_by().filter(is_blocked).count()

    def _first_dead(self, publisher: str) -> Subquery:
        """Return the first ordered dead letter: evaluated once, not for each delivery after it."""
        dead = self.model._default_manager.using(self.db).filter(
            publisher=publisher, state=DeliveryState.DEAD
        )
        return Subquery(dead.exclude(ordering_scope="").order_by("pk").values("pk")[:1])


def _max_of_earlier(value: Combinable, *partition: str) -> Window:
    """Return the largest value of the deliveries before each one; NULL for the first."""
    return Window(Max(value), partition_by=list(partition), order_by="pk", frame=RowRange(end=-1))
