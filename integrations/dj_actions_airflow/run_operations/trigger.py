"""Trigger another run for the same event: what is read and requested for one run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from dj_actions.exceptions import (
    DestinationNotFound,
    InvalidAction,
    PublishError,
    PublisherUnavailable,
)
from dj_actions.publishers.http import sentences
from dj_actions_airflow.publisher import AirflowPublisher
from dj_actions_airflow.routing.conversion import RUN_ID_PREFIX
from dj_actions_airflow.run_operations import requests
from dj_actions_airflow.run_operations.act import Act, NotApplicable, Plan, recorded, text_of
from dj_actions_airflow.run_operations.records import Answer
from dj_actions_airflow.run_operations.targets import Run
from dj_actions_airflow.run_operations.verbs import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Act):
    """Start another run for the same event, with another payload; the delivery follows it."""

    verb = Verb.TRIGGER

    conf: Mapping[str, Any]

    replace: bool
    """Whether this is the whole payload; otherwise, keys that it does not have stay as they are."""

    note: str

    def __post_init__(self) -> None:
        given: object = self.conf
        if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
            raise InvalidAction("The conf is not an object with names and values.")
        try:
            json.dumps(dict(self.conf), allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidAction(f"The conf is not plain JSON: {error}.") from error

    def plan(self, publisher: AirflowPublisher, run: Run) -> Plan:
        """Read the payload of the earlier run, and choose the id of the new one."""
        state, earlier = self._earlier(publisher, run)
        conf = dict(self.conf) if self.replace else {**earlier, **self.conf}
        publisher.require_size(conf)
        run_id = f"{RUN_ID_PREFIX}{run.event_id}-again-{uuid4().hex[:12]}"
        return Plan(
            message=f"It is {state}; run {run_id} would be started.",
            details={
                "conf": dict(self.conf),
                "replace": self.replace,
                "state": state,
                "new_run": run_id,
            },
            conf=conf,
            new_run_id=run_id,
        )

    def _earlier(self, publisher: AirflowPublisher, run: Run) -> tuple[str, Mapping[str, Any]]:
        """Return state and payload of the earlier run."""
        try:
            found = requests.get_run(publisher.client(), run.dag_id, run.run_id)
        except DestinationNotFound as error:
            if self.replace:
                return "not found", {}
            raise NotApplicable(
                sentences(
                    str(error),
                    "Its payload is not known: give the whole of the new one, or replay the "
                    "delivery.",
                )
            ) from error
        conf = found.get("conf")
        return text_of(found, "state"), conf if isinstance(conf, dict) else {}

    def perform(self, publisher: AirflowPublisher, run: Run, plan: Plan) -> Answer:
        """Start the run. If the response is lost, find out whether it has started."""
        client, run_id = publisher.client(), plan.new_run_id
        try:
            response = requests.trigger_run(
                client,
                run.dag_id,
                run_id,
                conf=plan.conf,
                note=self.note[: requests.MAX_NOTE_LENGTH],
            )
        except DestinationNotFound:
            raise
        except PublisherUnavailable as error:
            response = _found_or_raise(publisher, run.dag_id, run_id, error)
        return Answer(
            message=f"Run {run_id} was started.",
            response=recorded(response),
            receipt=publisher.receipt(run.dag_id, run_id),
        )


def _found_or_raise(
    publisher: AirflowPublisher, dag_id: str, run_id: str, error: PublisherUnavailable
) -> requests.Response:
    """Return a run that has started although the response was lost.

    Raises:
        PublisherUnavailable: it is still not known. Even if the run is not there now, the request
            may be processed later.
    """
    try:
        return requests.get_run(publisher.client(), dag_id, run_id)
    except DestinationNotFound:
        absent = f"A moment later, run {run_id} was not there."
        raise PublisherUnavailable(sentences(str(error), absent)) from error
    except PublishError:
        raise error from None
