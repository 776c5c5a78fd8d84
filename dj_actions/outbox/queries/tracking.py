"""Queries of remote runs: whose turn it is to be asked about, and what was answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.db import transaction
from django.db.models.functions import Now

from dj_actions.messages import RemoteRun
from dj_actions.outbox.queries.clock import after
from dj_actions.outbox.queries.operators import OperatorQuerySet
from dj_actions.states import RemoteState
from dj_actions.text import sanitize

if TYPE_CHECKING:
    from dj_actions.models import Delivery

DETAIL_LENGTH = 255
"""Characters of a destination's own word for a state that are kept."""


class TrackingQuerySet(OperatorQuerySet):
    """What a tracker asks and writes down; two that race cannot both win."""

    def claim_tracking(self, publisher: str, *, limit: int, interval: float) -> list[Delivery]:
        """Running remote runs whose turn it is to be asked about, hidden from other trackers.

        Args:
            interval: seconds until another tracker may ask, should this one die.
        """
        rows = self._primary()
        waiting = rows.filter(
            publisher=publisher, remote_state=RemoteState.RUNNING, remote_check_at__lte=Now()
        )
        if not waiting.exists():  # as nearly always: one statement, and no transaction
            return []
        with transaction.atomic(using=rows.db):
            due = list(
                waiting.annotate(database_time=Now())
                .order_by("remote_check_at")
                .select_for_update(skip_locked=True)[:limit]
            )
            rows.filter(pk__in=[delivery.pk for delivery in due]).update(
                remote_check_at=after(interval)
            )
        return taken(due)

    def record_progress(self, delivery: Delivery, run: RemoteRun, *, wait: float) -> bool:
        """RUNNING → RUNNING: keep the destination's word, ask again after `wait` seconds."""
        return (
            self._tracked(delivery).update(
                remote_detail=sanitize(run.detail, DETAIL_LENGTH),
                remote_check_at=after(wait),
            )
            == 1
        )

    def record_end(self, delivery: Delivery, run: RemoteRun) -> bool:
        """RUNNING → SUCCEEDED, FAILED or LOST; False if another tracker was faster."""
        return (
            self._tracked(delivery).update(
                remote_state=run.state,
                remote_detail=sanitize(run.detail, DETAIL_LENGTH),
                remote_check_at=None,
                remote_ended_at=Now(),
            )
            == 1
        )

    def _tracked(self, delivery: Delivery) -> Self:
        return self.filter(pk=delivery.pk, remote_state=RemoteState.RUNNING)


def taken(deliveries: Iterable[Any]) -> list[Delivery]:
    """Note on each row when, by the database's clock, it was taken."""
    rows = list(deliveries)
    for delivery in rows:
        delivery.claimed_at = delivery.database_time
    return rows
