"""What people do with deliveries: find them, count them, put them right, clear them away."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models, router, transaction
from django.db.models import Count, Min, Q
from django.db.models.functions import Cast, Now

from dj_actions.outbox.queries.clock import after, database_time
from dj_actions.states import SETTLED_STATES, DeliveryState, RemoteState

if TYPE_CHECKING:
    from dj_actions.models import Delivery  # noqa: F401 - the base class names it


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherCounts:
    """How many deliveries of one publisher there are."""

    publisher: str

    counts: Mapping[DeliveryState, int]
    """How many in each state; each state is there."""

    oldest_pending: float | None
    """Age in seconds of the longest waiting one, by the database's clock; None if none waits."""

    @property
    def dead(self) -> int:
        """How many dead letters there are."""
        return self.counts[DeliveryState.DEAD]


class OperatorQuerySet(models.QuerySet["Delivery"]):
    """What people do with deliveries; the transitions compare and set, as those of relays do."""

    def open(self) -> Self:
        """Deliveries that some relay will still touch."""
        return self.filter(state__in=(DeliveryState.PENDING, DeliveryState.SENDING))

    def matching(
        self,
        *,
        ids: Iterable[int] | None = None,
        event: UUID | str | None = None,
        publisher: str | None = None,
        state: str | None = None,
        action: str | None = None,
        object: str | None = None,
        key: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        error: str | None = None,
    ) -> Self:
        """Deliveries that fit all that is given.

        Args:
            ids: of deliveries.
            event: id of an event.
            action: `todo.mark_done`, or the name alone: `mark_done` of whatever resource.
            object: id of an object that was acted on, alone or among others.
            key: the ordering key.
            since: the action happened then or later.
            until: the action happened before.
            error: words in one of the remembered errors, in upper or lower case.
        """
        own = {"event": event, "publisher": publisher, "state": state, "ordering_key": key}
        window = {"event__created_at__gte": since, "event__created_at__lt": until}
        found = self.filter(**_given(own | window))
        if ids is not None:
            found = found.filter(pk__in=list(ids))
        if error is not None:
            found = found._with_error(error)
        if action is not None or object is not None:
            found = found._of_events(action, object)
        return found

    def retry_now(self) -> int:
        """Make waiting deliveries due at once; return how many."""
        return self._still(DeliveryState.PENDING).update(available_at=Now())

    def cancel(self) -> int:
        """PENDING → CANCELLED; return how many."""
        return self._withdraw(DeliveryState.PENDING)

    def discard(self) -> int:
        """DEAD → CANCELLED; return how many."""
        return self._withdraw(DeliveryState.DEAD)

    def replay(self) -> int:
        """DEAD → PENDING with a fresh count of attempts and age; return how many."""
        return self._still(DeliveryState.DEAD).update(
            state=DeliveryState.PENDING,
            attempts=0,
            queued_at=Now(),
            available_at=Now(),
            settled_at=None,
        )

    def eligible(self, state: DeliveryState) -> Self:
        """Return those of these deliveries that are in a state, the oldest first."""
        return self._still(state).order_by("pk")

    def prunable(self, state: DeliveryState, older_than_seconds: float) -> Self:
        """Deliveries that settled so long ago, and whose remote run nobody follows any more.

        Args:
            state: one in which deliveries are settled.
            older_than_seconds: since they were settled, by the database's clock.

        Raises:
            ValueError: in this state, deliveries are open.
        """
        if state not in SETTLED_STATES:
            raise ValueError(f"A delivery that is {state} is open: it cannot be cleared away.")
        return self.filter(state=state, settled_at__lt=after(-older_than_seconds)).exclude(
            remote_state=RemoteState.RUNNING
        )

    def prune(
        self, state: DeliveryState, older_than_seconds: float, *, beyond: int, limit: int
    ) -> list[int]:
        """Delete a few prunable deliveries in a transaction of its own; return their ids.

        What others hold is skipped.

        Args:
            beyond: only ids above this one. To go on where the last batch ended is what makes
                many batches one walk through the table.
            limit: how many.
        """
        rows = self._primary()
        with transaction.atomic(using=rows.db):
            due = rows.prunable(state, older_than_seconds).filter(pk__gt=beyond).order_by("pk")
            locked = due.select_for_update(skip_locked=True)
            ids = list(locked.values_list("pk", flat=True)[:limit])
            rows.filter(pk__in=ids).delete()
        return ids

    def stats(self) -> list[PublisherCounts]:
        """Count these by publisher and state, sorted by publisher."""
        grouped = self.order_by("publisher").values("publisher", "state")
        rows: list[Any] = list(grouped.annotate(count=Count("pk"), oldest=Min("queued_at")))
        now = database_time(using=self.db) if rows else None
        return [
            _counts(alias, [row for row in rows if row["publisher"] == alias], now)
            for alias in dict.fromkeys(row["publisher"] for row in rows)
        ]

    def _withdraw(self, state: DeliveryState) -> int:
        return self._still(state).update(state=DeliveryState.CANCELLED, settled_at=Now())

    def _still(self, state: DeliveryState) -> Self:
        """These, as far as they are in a state when they are written.

        The state is asked of the row itself: within a join, PostgreSQL would not ask again
        after waiting for a relay that has claimed the row meanwhile.
        """
        rows = self._primary()
        return rows._everything().filter(pk__in=rows.values("pk"), state=state)

    def _everything(self) -> Self:
        return type(self)(model=self.model, using=self.db)

    def _primary(self) -> Self:
        """The same rows where writes go: with replicas, reads may be routed elsewhere."""
        return self.using(router.db_for_write(self.model))

    def _of_events(self, action: str | None, object_id: str | None) -> Self:
        resource, _, name = (action or "").rpartition(".")
        events: Any = self.model._meta.get_field("event").related_model._default_manager
        wanted = events.using(self.db).matching(
            resource=resource or None, action=name or None, object=object_id
        )
        return self.filter(event__in=wanted.order_by().values("pk"))

    def _with_error(self, words: str) -> Self:
        # Databases keep JSON's text with and without escapes; the words may be in either.
        written = {json.dumps(words)[1:-1], json.dumps(words, ensure_ascii=False)[1:-1]}
        wanted = Q()
        for text in sorted(written):
            wanted |= Q(error_text__icontains=text)
        return self.alias(error_text=Cast("errors", models.TextField())).filter(wanted)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _counts(alias: str, rows: list[dict[str, Any]], now: datetime | None) -> PublisherCounts:
    by_state = {row["state"]: row for row in rows}
    pending = by_state.get(DeliveryState.PENDING)
    age = (now - pending["oldest"]).total_seconds() if now and pending else None
    return PublisherCounts(
        publisher=alias,
        counts={state: by_state.get(state, {}).get("count", 0) for state in DeliveryState},
        oldest_pending=None if age is None else max(0.0, age),
    )
