"""Record each act on a run: an event before Airflow is asked, and one when it has responded.

An event of the first kind without one of the second is left by a process that was killed in
between: Airflow may have done it or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import router, transaction

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    RateLimited,
)
from dj_actions.messages import Receipt
from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations import record_operation
from dj_actions.publishers import OperationOutcome, OperationStatus
from dj_actions_airflow.run_operations.targets import Run
from dj_actions_airflow.run_operations.verbs import RESOURCE, Verb

STATUS_CODES: Mapping[type[PublishError], HTTPStatus] = {
    DestinationNotFound: HTTPStatus.NOT_FOUND,
    PublisherUnavailable: HTTPStatus.GATEWAY_TIMEOUT,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    PublisherMisconfigured: HTTPStatus.BAD_GATEWAY,
    PublishError: HTTPStatus.CONFLICT,
}
"""Error → the status code of the event; the class itself, or the nearest of its bases."""

FOLLOWED = " The delivery follows it from now on."
NOT_FOLLOWED = " The delivery does not follow it: meanwhile, it has another receipt."


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """An act that is recorded, and not done yet."""

    verb: Verb

    run: Run

    actor: Any

    data: Mapping[str, Any]
    """The input as it is recorded."""

    event_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of an act, as far as Airflow has confirmed it."""

    message: str

    response: Mapping[str, Any] = field(default_factory=dict)
    """What is recorded of Airflow's response."""

    receipt: Receipt | None = None
    """Another run that the delivery has from now on."""


def record_intent(
    verb: Verb, run: Run, *, actor: Any, reason: str, details: Mapping[str, Any]
) -> Intent:
    """Record what is about to be done, and commit it.

    Raises:
        InvalidAction: no database can store the details.
    """
    data = {
        "reason": reason,
        "event": str(run.event_id),
        "publisher": run.publisher,
        "dag": run.dag_id,
        "run": run.run_id,
        **details,
    }
    with transaction.atomic(using=_database(), durable=True):
        event = record_operation(
            RESOURCE,
            verb,
            object_ids=[str(run.delivery)],
            actor=actor,
            data=data,
            status_code=HTTPStatus.ACCEPTED,
            summary=f"{verb} of {run.label}: {reason}" if reason else f"{verb} of {run.label}",
        )
    return Intent(verb=verb, run=run, actor=actor, data=data, event_id=event.pk)


def record_answer(intent: Intent, answer: Answer) -> OperationOutcome:
    """Record what Airflow has done, and let the tracker ask for the state of the run now."""
    run, message = intent.run, answer.message
    with transaction.atomic(using=_database(), durable=True):
        if answer.receipt:
            is_followed = Delivery.objects.follow_another_run(
                run.delivery, instead_of=run.run_id, receipt=answer.receipt
            )
            message += FOLLOWED if is_followed else NOT_FOLLOWED
        _record(intent, HTTPStatus.OK, message, answer.response)
        Delivery.objects.matching(ids=[run.delivery]).check_now()
    return run.outcome(OperationStatus.DONE, message)


def record_error(intent: Intent, error: PublishError) -> OperationOutcome:
    """Record why Airflow has not done it, or that it is not known whether it has."""
    status_code = next(STATUS_CODES[kind] for kind in type(error).__mro__ if kind in STATUS_CODES)
    with transaction.atomic(using=_database(), durable=True):
        _record(intent, status_code, str(error), None)
        Delivery.objects.matching(ids=[intent.run.delivery]).check_now()
    is_unknown = status_code == HTTPStatus.GATEWAY_TIMEOUT
    status = OperationStatus.UNKNOWN if is_unknown else OperationStatus.FAILED
    return intent.run.outcome(status, str(error))


def _record(
    intent: Intent, status_code: HTTPStatus, message: str, response: Mapping[str, Any] | None
) -> ActionEvent:
    known = ("event", "publisher", "dag", "run")
    return record_operation(
        RESOURCE,
        f"{intent.verb}_outcome",
        object_ids=[str(intent.run.delivery)],
        actor=intent.actor,
        data={name: intent.data[name] for name in known},
        result=None if response is None else dict(response),
        status_code=status_code,
        summary=message,
        parent=intent.event_id,
    )


def _database() -> str:
    return router.db_for_write(ActionEvent)
