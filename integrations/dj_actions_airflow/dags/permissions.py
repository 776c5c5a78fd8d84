"""Find out what a refused trigger concerns: the user, or one DAG."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from dj_actions.exceptions import DestinationNotFound, PublisherMisconfigured, PublishError
from dj_actions.publishers.http import sentences
from dj_actions_airflow.connection.statuses import status_of
from dj_actions_airflow.dags.triggering import trigger

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient
    from dj_actions_airflow.routing.planning import PlannedRun

MAX_OTHERS = 5
"""Other DAGs about which Airflow is asked."""

MAX_AGE = 5.0
"""Seconds for which an answer is used again: rights that a user loses stop the lane soon."""


def may_trigger(client: AirflowClient, dag_id: str) -> bool:
    """Return whether Airflow lets the user trigger a DAG, without triggering it.

    Every field of this request is invalid. Airflow checks the permission first.

    Raises:
        PublishError: Airflow did not say.
    """
    try:
        client.call(
            "POST",
            f"/dags/{quote(dag_id, safe='')}/dagRuns",
            body={"dag_run_id": 0, "logical_date": "never", "conf": "none", "dj_actions": "check"},
            failure=f"Airflow did not say whether DAG {dag_id!r} may be triggered",
        )
    except PublishError as error:
        if status_of(error) == HTTPStatus.FORBIDDEN:
            return False
        if status_of(error) != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
    return True


class TriggerPermissions:
    """Triggers runs, and decides whether a refusal with 403 stops the lane.

    It does not if the user may trigger another DAG: then this one is to blame, whose messages the
    others must not wait for. An instance belongs to one thread.

    Args:
        routed: returns the DAGs that the routes of the publisher name.
        clock: returns seconds.
    """

    def __init__(
        self, routed: Callable[[], Iterable[str]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._routed = routed
        self._clock = clock
        self._triggered: OrderedDict[str, None] = OrderedDict()
        self._answers: dict[str, tuple[float, bool]] = {}

    def trigger(self, client: AirflowClient, run: PlannedRun) -> None:
        """Create a run, unless it exists with the same payload.

        Raises:
            DestinationNotFound: the user may not trigger this DAG, but others.
            PublishError: as `dj_actions_airflow.dags.triggering.trigger`.
        """
        try:
            trigger(client, run)
        except PublisherMisconfigured as error:
            if (explained := self._explained(client, run.dag_id, error)) is None:
                raise
            raise explained from error
        self._record(run.dag_id)

    def _record(self, dag_id: str) -> None:
        """Remember a DAG that the user may trigger."""
        self._triggered[dag_id] = None
        self._triggered.move_to_end(dag_id)
        if len(self._triggered) > MAX_OTHERS:
            self._triggered.popitem(last=False)

    def _explained(
        self, client: AirflowClient, dag_id: str, error: PublishError
    ) -> PublishError | None:
        """Return the error of a message whose DAG alone is refused; None if all may be."""
        if not _is_forbidden(error):
            return None
        for other in self._others(dag_id):
            if self._may_trigger(client, other):
                text = f"The user may trigger DAG {other!r}, but not {dag_id!r}: permit that too."
                return DestinationNotFound(sentences(str(error), text), status=error.status)
        return None

    def _others(self, dag_id: str) -> Iterator[str]:
        known = dict.fromkeys((*reversed(self._triggered), *self._routed()))
        yield from [other for other in known if other != dag_id][:MAX_OTHERS]

    def _may_trigger(self, client: AirflowClient, dag_id: str) -> bool:
        asked_at, answer = self._answers.get(dag_id, (float("-inf"), False))
        if self._clock() - asked_at < MAX_AGE:
            return answer
        answer = False
        with suppress(PublishError):
            answer = may_trigger(client, dag_id)
        if len(self._answers) > 10 * MAX_OTHERS:  # a template may name any number of DAGs
            self._answers.clear()
        self._answers[dag_id] = self._clock(), answer
        return answer


def _is_forbidden(error: PublishError) -> bool:
    """Return whether Airflow itself says that the user lacks a permission."""
    from dj_actions_airflow.connection.errors import is_forbidden  # noqa: PLC0415 - the client

    return isinstance(error.__cause__, Exception) and is_forbidden(error.__cause__)
