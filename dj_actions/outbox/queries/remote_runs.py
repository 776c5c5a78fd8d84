"""Queries of operators on remote runs: which deliveries have one, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from dj_actions.messages import Receipt
from dj_actions.outbox.queries.base import RecordQuerySet, without_none
from dj_actions.outbox.times import comparable
from dj_actions.states import DeliveryState, RemoteState

if TYPE_CHECKING:
    from dj_actions.models import Delivery


RUN_STATES = [state for state in RemoteState if state is not RemoteState.UNTRACKED]
"""States of deliveries that have started a remote run."""


class RemoteRunQueries(RecordQuerySet["Delivery"]):
    """Queries of operators who act on remote runs."""

    def with_remote_run(self, publishers: Collection[str]) -> Self:
        """Return the deliveries of these publishers that have started a remote run."""
        # Not "all but untracked": an index begins with the state.
        return self.filter(
            publisher__in=publishers, state=DeliveryState.DELIVERED, remote_state__in=RUN_STATES
        )

    def failing(self) -> Self:
        """Return those whose run has failed, was lost, or does not advance for a known reason."""
        has_ended_badly = Q(remote_state__in=(RemoteState.FAILED, RemoteState.LOST))
        is_stalled = Q(remote_state=RemoteState.RUNNING, remote_report__has_key="hint")
        return self.filter(has_ended_badly | is_stalled)

    def started_between(self, since: datetime | None, until: datetime | None) -> Self:
        """Return those whose run was started in a period; None leaves an end open."""
        window = {
            "settled_at__gte": since and comparable(since, using=self.db),
            "settled_at__lt": until and comparable(until, using=self.db),
        }
        return self.filter(**without_none(window))

    def current(self, ids: Collection[int]) -> Self:
        """Return deliveries as they are now: from the database that is written to."""
        return self._on_write_database().filter(pk__in=ids)

    def follow_another_run(self, pk: int, *, instead_of: str, receipt: Receipt) -> bool:
        """Follow another remote run from now on: any state of the former run → RUNNING.

        If the delivery has several runs, the others are followed as before.

        Args:
            pk: id of the delivery.
            instead_of: id of the run that is followed so far.
            receipt: the other run.

        Returns:
            False if the delivery has been replayed, or follows yet another run.
        """
        rows = self._on_write_database()
        with transaction.atomic(using=rows.db):
            delivered = rows.filter(pk=pk, state=DeliveryState.DELIVERED)
            row = delivered.select_for_update().first()
            if row is None or instead_of not in _run_ids(row):
                return False
            first = receipt if row.receipt_id == instead_of else None
            delivered.update(
                **(_columns(first) if first else {}),
                receipt_parts=[
                    _part(receipt) if part["id"] == instead_of else part
                    for part in row.receipt_parts
                ],
                remote_state=RemoteState.RUNNING,
                remote_detail="",
                remote_report=None,
                remote_changed_at=Now(),
                remote_check_at=Now(),
                remote_ended_at=None,
            )
        return True


def _run_ids(delivery: Delivery) -> set[str]:
    return {delivery.receipt_id, *(part["id"] for part in delivery.receipt_parts)}


def _columns(receipt: Receipt) -> dict[str, str]:
    return {
        "receipt_id": receipt.id,
        "receipt_scope": receipt.scope,
        "receipt_url": receipt.url,
    }


def _part(receipt: Receipt) -> dict[str, str]:
    return {"id": receipt.id, "scope": receipt.scope, "url": receipt.url}
