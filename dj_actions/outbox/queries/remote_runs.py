"""Queries of operators on remote runs: which deliveries have one, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Self

from django.db.models.functions import Now

from dj_actions.messages import Receipt
from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.states import DeliveryState, RemoteState

if TYPE_CHECKING:
    from dj_actions.models import Delivery  # noqa: F401 - the base class names it


class RemoteRunQueries(RecordQuerySet["Delivery"]):
    """Queries of operators who act on remote runs."""

    def with_remote_run(self, publishers: Collection[str]) -> Self:
        """Return the deliveries of these publishers that have started a remote run."""
        delivered = self.filter(publisher__in=publishers, state=DeliveryState.DELIVERED)
        return delivered.exclude(remote_state=RemoteState.UNTRACKED)

    def current(self, ids: Collection[int]) -> Self:
        """Return deliveries as they are now: from the database that is written to."""
        return self._on_write_database().filter(pk__in=ids)

    def check_now(self) -> int:
        """Let a tracker check those of these deliveries whose remote run is running, now."""
        running = self._on_write_database().filter(remote_state=RemoteState.RUNNING)
        return running.update(remote_check_at=Now())

    def follow_another_run(self, pk: int, *, instead_of: str, receipt: Receipt) -> bool:
        """Follow another remote run from now on: any state of the former run → RUNNING.

        Args:
            pk: id of the delivery.
            instead_of: id of the run that is followed so far.
            receipt: the other run.

        Returns:
            False if the delivery has been replayed, or follows yet another run.
        """
        rows = self._on_write_database().filter(
            pk=pk, state=DeliveryState.DELIVERED, receipt_id=instead_of
        )
        return (
            rows.update(
                receipt_id=receipt.id,
                receipt_scope=receipt.scope,
                receipt_url=receipt.url,
                remote_state=RemoteState.RUNNING,
                remote_detail="",
                remote_check_at=Now(),
                remote_ended_at=None,
            )
            == 1
        )
