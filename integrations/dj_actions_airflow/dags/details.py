"""What Airflow says about a DAG, fetched and kept for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dj_actions.exceptions import DestinationNotFound, PublishError
from dj_actions_airflow.connection.statuses import status_of
from dj_actions_airflow.dags.params import Param

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient

MAX_AGE = 60.0
"""Seconds for which what Airflow says is used without asking again."""

CONFIRMED_AGE = 5.0
"""Seconds; a message is refused only for what was fetched no longer ago."""

MAX_DAGS = 1000
"""DAGs of which it is kept."""

MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class DagDetails:
    """What Airflow says about a DAG."""

    dag_id: str
    params: Mapping[str, Param] = field(default_factory=dict)
    is_paused: bool = False
    has_import_errors: bool = False
    allowed_run_types: tuple[str, ...] | None = None
    """None for all."""

    @property
    def allows_triggers(self) -> bool:
        """Whether it can be triggered by hand."""
        return self.allowed_run_types is None or MANUAL in self.allowed_run_types


def fetch_details(client: AirflowClient, dag_id: str) -> DagDetails:
    """Return what Airflow says about a DAG.

    Raises:
        DestinationNotFound: there is no such DAG.
        PublishError: Airflow did not say.
    """
    answer = client.call(
        "GET",
        f"/dags/{quote(dag_id, safe='')}/details",
        failure=f"Airflow did not describe DAG {dag_id!r}",
    )
    params, types = answer.get("params"), answer.get("allowed_run_types")
    return DagDetails(
        dag_id=dag_id,
        params={
            str(name): _param(entry)
            for name, entry in (params if isinstance(params, Mapping) else {}).items()
        },
        is_paused=answer.get("is_paused") is True,
        has_import_errors=answer.get("has_import_errors") is True,
        allowed_run_types=tuple(map(str, types)) if isinstance(types, list) else None,
    )


def _param(entry: Any) -> Param:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("schema"), Mapping):
        return Param(value=entry, schema={})
    return Param(value=entry.get("value"), schema=entry["schema"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    fetched_at: float

    details: DagDetails | None
    """None if Airflow did not say."""

    missing: str = ""
    """The error, if there is no such DAG."""


class DetailsCache:
    """What Airflow has said about DAGs. An instance belongs to one thread.

    Args:
        clock: returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def get(
        self, client: AirflowClient, dag_id: str, *, max_age: float = MAX_AGE
    ) -> DagDetails | None:
        """Return what Airflow says about a DAG; None if it did not say, which is kept, too.

        Args:
            client: to ask with.
            dag_id: the DAG.
            max_age: seconds since it was asked. A DAG that does not exist may do so soon.

        Raises:
            DestinationNotFound: there is no such DAG.
            PublishError: there was no response, or no token.
        """
        known = self._known.get(dag_id)
        if known is not None and known.missing:
            max_age = min(max_age, CONFIRMED_AGE)
        if known is None or self._clock() - known.fetched_at > max_age:
            known = self._fetch(client, dag_id)
            self._remember(dag_id, known)
        if known.missing:
            raise DestinationNotFound(known.missing)
        return known.details

    def _remember(self, dag_id: str, known: _Known) -> None:
        if len(self._known) >= MAX_DAGS:  # a template may name any number of them
            self._known.clear()
        self._known[dag_id] = known

    def _fetch(self, client: AirflowClient, dag_id: str) -> _Known:
        details, missing = None, ""
        try:
            details = fetch_details(client, dag_id)
        except DestinationNotFound as error:
            missing = str(error)
        except PublishError as error:
            if status_of(error) in (None, HTTPStatus.UNAUTHORIZED):
                raise  # nothing else can be sent, either
            # The user may lack this permission alone; the trigger tells what else is wrong.
        return _Known(fetched_at=self._clock(), details=details, missing=missing)
