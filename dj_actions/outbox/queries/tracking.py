"""Queries of remote runs: which ones to check now, and their results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import transaction
from django.db.models.functions import Now

from dj_actions.messages import RemoteRun
from dj_actions.outbox.queries.base import RecordQuerySet, with_claim_time
from dj_actions.outbox.queries.clock import from_now
from dj_actions.states import RemoteState
from dj_actions.text import sanitize

if TYPE_CHECKING:
    from dj_actions.models import Delivery

DETAIL_LENGTH = 255
"""Maximum length of the destination's own state of a run, in characters."""


class TrackingQueries(RecordQuerySet["Delivery"]):
    """Queries of trackers; of two trackers that race, only one can record a result."""

    def claim_tracking(self, publisher: str, *, limit: int, interval: float) -> list[Delivery]:
        """Return deliveries whose remote run has to be checked now, hidden from other trackers.

        Args:
            publisher: alias of the publisher.
            limit: maximum number of deliveries.
            interval: seconds until another tracker may check them, if the caller is killed.
        """
        rows = self._on_write_database()
        waiting = rows.filter(
            publisher=publisher, remote_state=RemoteState.RUNNING, remote_check_at__lte=Now()
        )
        if not waiting.exists():  # the usual case: one statement, and no transaction
            return []
        with transaction.atomic(using=rows.db):
            due = with_claim_time(
                waiting.annotate(database_time=Now())
                .order_by("remote_check_at")
                .select_for_update(skip_locked=True)[:limit]
            )
            rows.filter(pk__in=[delivery.pk for delivery in due]).update(
                remote_check_at=from_now(interval)
            )
        return due

    def record_progress(self, delivery: Delivery, run: RemoteRun, *, wait: float) -> bool:
        """RUNNING → RUNNING: record the destination's state, and check again after `wait` s."""
        return (
            self._tracked(delivery).update(
                remote_detail=sanitize(run.detail, DETAIL_LENGTH),
                remote_check_at=from_now(wait),
            )
            == 1
        )

    def record_end(self, delivery: Delivery, run: RemoteRun) -> bool:
        """RUNNING → SUCCEEDED, FAILED or LOST; return False if another tracker was faster."""
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
