"""Act on the runs of deliveries, one after the other, and record each act.

For each run: read what there is, record what will be requested, request it, record the outcome.
No transaction is open while the network is used.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from django.db import router, transaction

from dj_actions.exceptions import (
    DestinationNotFound,
    InvalidAction,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.models import ActionEvent, Delivery
from dj_actions.publishers import OperationOutcome, OperationStatus
from dj_actions.publishers.http import sentences
from dj_actions_airflow.publisher import AirflowPublisher
from dj_actions_airflow.run_operations import records, requests
from dj_actions_airflow.run_operations.act import Act, NotApplicable, Plan
from dj_actions_airflow.run_operations.targets import Chosen, Run, airflow_publisher, runs_of
from dj_actions_airflow.run_operations.verbs import require_permission

MAX_FAILURES_IN_A_ROW = 3
"""After so many runs for which an Airflow does not respond, no more are tried there."""

OnOutcome: TypeAlias = Callable[[OperationOutcome], None]
"""Called with the outcome of each run, as soon as it is known."""

Outcomes: TypeAlias = tuple[OperationOutcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One call of an operation, by one user and for one reason."""

    act: Act

    actor: Any
    """The user; None for the system itself."""

    reason: str

    on_outcome: OnOutcome | None

    is_dry_run: bool

    failures: dict[str, int] = field(default_factory=dict)
    """Publisher → for how many runs in a row its Airflow has not responded."""

    done: dict[Hashable, OperationOutcome] = field(default_factory=dict)
    """What was acted on → the outcome."""

    def run(self, deliveries: Chosen) -> Outcomes:
        """Act on each run."""
        require_permission(self.act.verb, self.actor)
        _require_no_transaction()
        return tuple(self._report(outcome) for outcome in self._outcomes(deliveries))

    def _report(self, outcome: OperationOutcome) -> OperationOutcome:
        if self.on_outcome:
            self.on_outcome(outcome)
        return outcome

    def _outcomes(self, deliveries: Chosen) -> Iterator[OperationOutcome]:
        for found in runs_of(deliveries):
            if isinstance(found, OperationOutcome):
                yield found
            elif earlier := self.done.get(self.act.subject(found)):
                if earlier.status is OperationStatus.DONE:
                    Delivery.objects.matching(ids=[found.delivery]).check_now()
                yield replace(earlier, delivery=found.delivery, target=found.run_id)
            else:
                outcome = self._try(found)
                self.done[self.act.subject(found)] = outcome
                yield outcome

    def _try(self, run: Run) -> OperationOutcome:
        """Act on a run, unless its Airflow has not responded for some runs before."""
        publisher = airflow_publisher(run.publisher)
        if publisher is None or self.failures.get(run.publisher, 0) >= MAX_FAILURES_IN_A_ROW:
            text = f"Not tried: the Airflow of {run.publisher!r} does not respond."
            return run.outcome(OperationStatus.SKIPPED, text)
        try:
            plan = self.act.plan(publisher, run)
        except NotApplicable as reason:
            return run.outcome(OperationStatus.SKIPPED, str(reason))
        except PublishError as error:
            self._count(run, error)
            return run.outcome(OperationStatus.FAILED, str(_explained(error, publisher)))
        if self.is_dry_run:
            self._count(run, None)
            return run.outcome(OperationStatus.PLANNED, plan.message)
        return self._perform(publisher, run, plan)

    def _perform(self, publisher: AirflowPublisher, run: Run, plan: Plan) -> OperationOutcome:
        """Act on a run between two records."""
        intent = records.record_intent(
            self.act.verb, run, actor=self.actor, reason=self.reason, details=plan.details
        )
        try:
            answer = self.act.perform(publisher, run, plan)
        except PublishError as error:
            self._count(run, error)
            return records.record_error(intent, _explained(error, publisher))
        self._count(run, None)
        return records.record_answer(intent, answer)

    def _count(self, run: Run, error: PublishError | None) -> None:
        """Count the failures in a row that are of the server, not of one run."""
        is_of_server = isinstance(error, (PublisherUnavailable, RateLimited))
        if is_of_server and not isinstance(error, DestinationNotFound):
            self.failures[run.publisher] = self.failures.get(run.publisher, 0) + 1
        else:
            self.failures[run.publisher] = 0


def _explained(error: PublishError, publisher: AirflowPublisher) -> PublishError:
    """Return a refusal together with the version of the server, which may be the reason."""
    if type(error) not in {PublishRejected, DestinationNotFound, PublisherMisconfigured}:
        return error
    try:
        version = requests.get_version(publisher.client())
    except PublishError:
        return error
    explained = type(error)(sentences(str(error), f"The server is Airflow {version}."))
    explained.__cause__ = error
    return explained


def _require_no_transaction() -> None:
    """Refuse to use the network while a transaction is open.

    Raises:
        InvalidAction: one is open. What is recorded could be rolled back after Airflow has acted.
    """
    try:
        with transaction.atomic(using=router.db_for_write(ActionEvent), durable=True):
            pass
    except RuntimeError as error:
        raise InvalidAction(
            "A transaction is open. Act on runs outside of it: Airflow is called over the network, "
            "and what it has done is not rolled back."
        ) from error
