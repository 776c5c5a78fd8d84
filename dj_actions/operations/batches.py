"""Run an operation of a publisher on many deliveries, step by step, and keep what came of each.

A step is what one request can do. It is recorded before the destination is asked, and with its
outcomes afterwards: a step of the first kind without one of the second was left by a process that
was stopped in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import IntegrityError, router, transaction

from dj_actions.exceptions import DJActionsError
from dj_actions.messages import Actor
from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations.audit import record_operation, require_reason
from dj_actions.publishers.offers import Offer
from dj_actions.publishers.operations import OperationOutcome, OperationStatus
from dj_actions.serialization import to_json

RESOURCE = "delivery"
"""The resource of the events."""

STEP_SIZE = 10
"""Deliveries of one step: each takes a few requests to the destination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One operation on some deliveries, by one user and for one reason."""

    offer: Offer

    ids: tuple[int, ...]
    """The deliveries, in the order in which they are processed."""

    actor: Any

    reason: str

    data: Mapping[str, Any]
    """The cleaned data of the operation's form."""

    key: str
    """Identifies it: a step that is requested twice is run once."""

    def run_step(self, position: int) -> UUID:
        """Run the step that begins with one of the deliveries, unless it was run before.

        Args:
            position: how many deliveries were processed before.

        Returns:
            Id of the event that records the batch.

        Raises:
            InvalidAction: the reason is empty, or the data cannot be stored.
            ActionEvent.DoesNotExist: the first step was not run.
            DJActionsError: nothing was done in this step; that is recorded, too.
        """
        reason = require_reason(self.reason)
        event = self._claim(position, reason)
        if event is None:
            return self._first_event().pk
        batch = event.parent_id or event.pk
        try:
            outcomes = self._run(self.ids[position : position + STEP_SIZE])
        except DJActionsError as error:
            self._record_outcomes(batch, (), status=HTTPStatus.CONFLICT, summary=str(error))
            raise
        is_done = any(outcome.status is OperationStatus.DONE for outcome in outcomes)
        status = HTTPStatus.OK if is_done else HTTPStatus.CONFLICT
        self._record_outcomes(batch, outcomes, status=status)
        return batch

    def _claim(self, position: int, reason: str) -> ActionEvent | None:
        """Record that a step begins; None if it has begun before."""
        name = self.offer.operation.name
        data = {
            "reason": reason,
            "deliveries": list(self.ids),
            "count": len(self.ids),
            "input": to_json(dict(self.data)),
        }
        try:
            with transaction.atomic(using=_database()):
                return record_operation(
                    RESOURCE,
                    f"{name}_step" if position else name,
                    object_ids=[] if position else [str(key) for key in self.ids],
                    actor=self.actor,
                    data={"reason": reason, "position": position} if position else data,
                    bulk=True,
                    status_code=HTTPStatus.ACCEPTED,
                    summary=reason,
                    parent=self._first_event().pk if position else None,
                    idempotency_key=f"{self.key}:{position}",
                )
        except IntegrityError:
            return None

    def _first_event(self) -> ActionEvent:
        user = Actor.of(self.actor)
        events = ActionEvent.objects.using(_database())
        found = events.of_idempotency_key(
            [f"{self.key}:0"],
            resource=RESOURCE,
            action=self.offer.operation.name,
            actor_id=user.id if user else None,
        )
        if found is None:
            raise ActionEvent.DoesNotExist
        return found

    def _run(self, ids: Sequence[int]) -> Sequence[OperationOutcome]:
        """Run the operation on some of the deliveries, in their order."""
        chosen = Delivery.objects.current(ids).filter(publisher__in=self.offer.aliases)
        outcomes = self.offer.operation.run(chosen, actor=self.actor, data=self.data)
        known = {outcome.delivery for outcome in outcomes}
        missing = (
            OperationOutcome(
                delivery=key,
                status=OperationStatus.SKIPPED,
                message="Its publisher does not offer this.",
            )
            for key in ids
            if key not in known
        )
        return (*outcomes, *missing)

    def _record_outcomes(
        self,
        batch: UUID,
        outcomes: Sequence[OperationOutcome],
        *,
        status: HTTPStatus,
        summary: str = "",
    ) -> None:
        with transaction.atomic(using=_database()):
            record_operation(
                RESOURCE,
                _outcome_action(self.offer.operation.name),
                object_ids=[],
                actor=self.actor,
                data={},
                bulk=True,
                result=[asdict(outcome) for outcome in outcomes],
                status_code=status,
                summary=summary,
                parent=batch,
            )


def outcomes_of(event: ActionEvent) -> list[OperationOutcome]:
    """Return what is known of the outcomes of a batch, in the order in which they were recorded.

    Args:
        event: the event that records the batch.
    """
    parts = ActionEvent.objects.using(_database()).parts_of(event.pk, _outcome_action(event.action))
    # Only its size is stored of what is too large, which is not a list.
    return [
        OperationOutcome(**entry | {"status": OperationStatus(entry["status"])})
        for part in parts
        if isinstance(part.response_data, list)
        for entry in part.response_data
    ]


def _outcome_action(name: str) -> str:
    return f"{name}_outcome"


def _database() -> str:
    return router.db_for_write(ActionEvent)
