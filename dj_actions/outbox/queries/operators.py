"""Transitions of operators: retry, cancel, discard, replay and prune deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import transaction
from django.db.models.functions import Now

from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.outbox.queries.clock import from_now
from dj_actions.states import SETTLED_STATES, DeliveryState, RemoteState

if TYPE_CHECKING:
    from dj_actions.models import Delivery  # noqa: F401 - the base class names it


class OperatorQueries(RecordQuerySet["Delivery"]):
    """Transitions of operators."""

    def retry_now(self) -> int:
        """Make pending deliveries due now; return how many."""
        return self._in_state(DeliveryState.PENDING).update(available_at=Now())

    def cancel(self) -> int:
        """PENDING → CANCELLED; return how many."""
        return self._cancel_from(DeliveryState.PENDING)

    def discard(self) -> int:
        """DEAD → CANCELLED; return how many."""
        return self._cancel_from(DeliveryState.DEAD)

    def replay(self) -> int:
        """DEAD → PENDING with attempts and age reset; return how many."""
        return self._requeue_from(DeliveryState.DEAD)

    def replay_delivered(self) -> int:
        """DELIVERED → PENDING, without receipt and remote run; return how many."""
        return self._requeue_from(
            DeliveryState.DELIVERED,
            sent_at=None,
            sending_seconds=None,
            sample_weight=None,
            receipt_id="",
            receipt_scope="",
            receipt_url="",
            receipt_parts=[],
            remote_state=RemoteState.UNTRACKED,
            remote_detail="",
            remote_check_at=None,
            remote_ended_at=None,
            remote_changed_at=None,
            remote_report=None,
            remote_history=[],
        )

    def eligible(self, state: DeliveryState) -> Self:
        """Return those of these deliveries that are in a state, the oldest first."""
        return self._in_state(state).order_by("pk")

    def prunable(self, state: DeliveryState, older_than_seconds: float) -> Self:
        """Return the settled deliveries that may be deleted: no remote run is still tracked.

        Args:
            state: one of `SETTLED_STATES`.
            older_than_seconds: minimum time since they were settled, by the database's clock.

        Raises:
            ValueError: the state is not a settled one.
        """
        if state not in SETTLED_STATES:
            known = ", ".join(sorted(SETTLED_STATES))
            raise ValueError(f"Cannot prune {state} deliveries; expected one of: {known}.")
        return self.filter(state=state, settled_at__lt=from_now(-older_than_seconds)).exclude(
            remote_state=RemoteState.RUNNING
        )

    def prune(
        self, state: DeliveryState, older_than_seconds: float, *, beyond: int, limit: int
    ) -> list[int]:
        """Delete a batch of prunable deliveries in its own transaction; return their ids.

        Deliveries that another transaction has locked are skipped.

        Args:
            state: one of `SETTLED_STATES`.
            older_than_seconds: minimum time since they were settled, by the database's clock.
            beyond: only ids above this one. If each batch continues after the last, all batches
                together scan the table once.
            limit: maximum number of deliveries.
        """
        rows = self._on_write_database()
        with transaction.atomic(using=rows.db):
            due = rows.prunable(state, older_than_seconds).filter(pk__gt=beyond).order_by("pk")
            locked = due.select_for_update(skip_locked=True)
            ids = list(locked.values_list("pk", flat=True)[:limit])
            rows.filter(pk__in=ids).delete()
        return ids

    def _cancel_from(self, state: DeliveryState) -> int:
        return self._in_state(state).update(state=DeliveryState.CANCELLED, settled_at=Now())

    def _requeue_from(self, state: DeliveryState, **values: Any) -> int:
        return self._in_state(state).update(
            state=DeliveryState.PENDING,
            attempts=0,
            queued_at=Now(),
            available_at=Now(),
            first_sent_at=None,
            settled_at=None,
            **values,
        )

    def _in_state(self, state: DeliveryState) -> Self:
        """Return those of these deliveries that are in a state when they are written.

        The state is a condition on the row itself: PostgreSQL does not recheck a condition in a
        join after it has waited for a relay that claimed the row in the meantime.
        """
        rows = self._on_write_database()
        return rows._unfiltered().filter(pk__in=rows.values("pk"), state=state)

    def _unfiltered(self) -> Self:
        return type(self)(model=self.model, using=self.db)
