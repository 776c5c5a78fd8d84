"""Queries of remote runs: which ones to check now, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Self

from django.db import transaction
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Now

from dj_actions.messages import RemoteRun
from dj_actions.outbox.queries.base import RecordQuerySet, with_claim_time
from dj_actions.outbox.queries.clock import from_now
from dj_actions.outbox.times import aware
from dj_actions.states import ENDED_STATES, DeliveryState, RemoteState
from dj_actions.text import sanitize

if TYPE_CHECKING:
    from uuid import UUID

    from dj_actions.models import Delivery

DETAIL_LENGTH = 255
"""Maximum length of the destination's own state of a run, in characters."""

HINTED = "hinted"
"""The detail of a delivery whose run was hinted at before there was a receipt; it is replaced when
the run is checked."""

MAX_HISTORY = 20
"""Number of states of a run that a delivery keeps: the latest ones."""


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
        waiting = rows.filter(publisher=publisher, remote_check_at__lte=Now())
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

    def check_now(self) -> int:
        """Let a tracker check the remote runs of these deliveries now; return how many.

        Whatever their state: what has ended may run again. Those that are due already stay so,
        unless they were never checked: a tracker postpones the first check of a new run.
        """
        return self._on_write_database().filter(self._not_due()).update(remote_check_at=Now())

    @staticmethod
    def _not_due() -> Q:
        """Return the condition of a tracked run that no tracker checks next."""
        is_new = Q(remote_check_at=F("settled_at"))
        waiting = Q(remote_check_at=None) | Q(remote_check_at__gt=Now()) | is_new
        return ~Q(remote_state=RemoteState.UNTRACKED) & waiting

    def check_hinted(self, publishers: Collection[str]) -> int:
        """Let the remote runs of these deliveries be checked now, or once they have a receipt.

        A run may end before the relay has stored that it was started.

        Args:
            publishers: aliases of those that track remote runs.

        Returns:
            How many deliveries that concerns.
        """
        rows = self._on_write_database()
        early = Q(publisher__in=publishers, settled_at=None)
        return rows.filter(early | self._not_due()).update(
            remote_check_at=Case(When(early, then=None), default=Now()),
            remote_detail=Case(When(early, then=Value(HINTED)), default=F("remote_detail")),
        )

    def expects_receipt(self, publisher: str) -> bool:
        """Return whether a message is being sent whose run has ended already, as a hint says."""
        sending = self._on_write_database().filter(publisher=publisher, state=DeliveryState.SENDING)
        return sending.filter(remote_detail=HINTED).exists()

    def postpone_check(self, deliveries: Iterable[Delivery], *, wait: float) -> None:
        """Check the runs of these deliveries after some seconds, unless they have changed."""
        keys = [delivery.pk for delivery in deliveries]
        running = self._on_write_database().filter(pk__in=keys, remote_state=RemoteState.RUNNING)
        running.update(remote_check_at=from_now(wait))

    def follows_runs(self, publisher: str) -> bool:
        """Return whether the publisher has a remote run that is still followed."""
        rows = self._on_write_database()
        return rows.filter(publisher=publisher, remote_check_at__isnull=False).exists()

    def followed(
        self, publisher: str, events: Collection[UUID], *, horizon: float
    ) -> list[Delivery]:
        """Return those deliveries of events whose runs are followed, with what is known of them.

        Args:
            publisher: alias of the publisher.
            events: ids of the events.
            horizon: seconds after its end for which a run is followed.
        """
        rows = self._on_write_database().filter(publisher=publisher, event__in=events)
        is_recent = Q(remote_ended_at__gte=from_now(-horizon))
        followed = rows.filter(Q(remote_state=RemoteState.RUNNING) | is_recent)
        return list(followed.only("event", "remote_state", "remote_detail", "remote_report"))

    def record_progress(
        self, delivery: Delivery, run: RemoteRun, *, report: Any, wait: float | None
    ) -> bool:
        """Record what is known of a run whose state is the same.

        Args:
            delivery: the delivery, as it was claimed.
            run: its run.
            report: what is stored of the run besides its state.
            wait: seconds until it is checked again; None for never, which only an end can be.
        """
        return (
            self._unchanged(delivery).update(
                remote_detail=sanitize(run.detail, DETAIL_LENGTH),
                remote_report=report,
                remote_check_at=None if wait is None else from_now(wait),
            )
            == 1
        )

    def record_change(
        self, delivery: Delivery, run: RemoteRun, *, report: Any, wait: float | None
    ) -> bool:
        """Record another state of a run, or another end; False if another tracker was faster.

        RUNNING → an end, an end → RUNNING, and between the ends: see `REMOTE_TRANSITIONS`.

        Args:
            delivery: the delivery, as it was claimed.
            run: its run.
            report: what is stored of the run besides its state.
            wait: seconds until it is checked again; None for never, which only an end can be.
        """
        return (
            self._unchanged(delivery).update(
                remote_state=run.state,
                remote_detail=sanitize(run.detail, DETAIL_LENGTH),
                remote_report=report,
                remote_history=[*delivery.remote_history, _entry(delivery, run)][-MAX_HISTORY:],
                remote_changed_at=Now(),
                remote_ended_at=Now() if run.state in ENDED_STATES else None,
                remote_check_at=None if wait is None else from_now(wait),
            )
            == 1
        )

    def stalled(self) -> Self:
        """Return the deliveries whose remote runs do not advance, for a reason that is known."""
        running = self.filter(remote_state=RemoteState.RUNNING, remote_check_at__isnull=False)
        return running.filter(remote_report__has_key="hint")

    def count_remote_states(self) -> list[tuple[str, str, int]]:
        """Count the remote runs by publisher and state: the two, and their number."""
        tracked = self.exclude(remote_state=RemoteState.UNTRACKED).order_by()
        return list(tracked.values_list("publisher", "remote_state").annotate(Count("pk")))

    def _unchanged(self, delivery: Delivery) -> Self:
        """Return the row, unless its run has been recorded in another state since the claim."""
        tracked = self._on_write_database().exclude(remote_state=RemoteState.UNTRACKED)
        return tracked.filter(
            pk=delivery.pk,
            remote_state=delivery.remote_state,
            # Not the time of its end, which SQLite stores in another form than it compares.
            remote_history=delivery.remote_history,
        )


def _entry(delivery: Delivery, run: RemoteRun) -> dict[str, Any]:
    """Return the entry of the history for a new state of a run."""
    reason = run.failure.summary if run.failure else ""
    return {
        "state": run.state.value,
        "detail": sanitize(reason or run.detail, DETAIL_LENGTH),
        "at": aware(delivery.claimed_at, using=str(delivery._state.db)).isoformat(),
    }
