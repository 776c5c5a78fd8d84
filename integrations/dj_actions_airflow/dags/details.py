"""What Airflow says about a DAG, fetched and kept for a minute."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from weakref import WeakValueDictionary

from dj_actions.exceptions import DestinationNotFound, PublishError
from dj_actions_airflow.connection.options import Connection
from dj_actions_airflow.connection.statuses import status_of
from dj_actions_airflow.dags.params import Param

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient

MAX_AGE = 60.0
"""Seconds for which what Airflow says is used without asking again."""

CONFIRMED_AGE = 5.0
"""Seconds; a message is refused only for what was fetched no longer ago."""

MAX_FETCH = 20.0
"""Seconds for which the other threads use what is older than `MAX_AGE` while one fetches it."""

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
    is_stale: bool = False
    """Whether its file does not have it any more; then it cannot be triggered."""

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
        is_stale=answer.get("is_stale") is True,
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
    """What Airflow has said about DAGs, for all threads of a publisher.

    Args:
        connection: how Airflow is reached; what it says depends on the user.
        clock: returns seconds.
    """

    def __init__(
        self, connection: Connection, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.connection = connection
        self._clock = clock
        self._lock = Lock()
        self._known: dict[str, _Known] = {}
        self._fetch_began: dict[str, float] = {}

    def get(
        self, client: AirflowClient, dag_id: str, *, max_age: float = MAX_AGE
    ) -> DagDetails | None:
        """Return what Airflow says about a DAG; None if it did not say, which is kept, too.

        Args:
            client: to ask with.
            dag_id: the DAG.
            max_age: seconds since it was fetched; up to `MAX_FETCH` more while another thread
                fetches it, unless a refusal depends on it. A DAG that does not exist may do so
                soon.

        Raises:
            DestinationNotFound: there is no such DAG.
            PublishError: there was no response, or no token.
        """
        known = self._known.get(dag_id)
        if known is not None and known.missing:
            max_age = min(max_age, CONFIRMED_AGE)
        if known is None or self._is_due(dag_id, known, max_age):
            known = self._fetch(client, dag_id)
            self._remember(dag_id, known)
        if known.missing:
            raise DestinationNotFound(known.missing)
        return known.details

    def _is_due(self, dag_id: str, known: _Known, max_age: float) -> bool:
        """Return whether this thread has to fetch what is known of a DAG again."""
        with self._lock:
            now = self._clock()
            if now - known.fetched_at <= max_age:
                return False
            is_fetched = now - self._fetch_began.get(dag_id, -MAX_FETCH) < MAX_FETCH
            if is_fetched and max_age > CONFIRMED_AGE:
                return False
            self._fetch_began[dag_id] = now
            return True

    def _remember(self, dag_id: str, known: _Known) -> None:
        with self._lock:
            if len(self._known) >= MAX_DAGS:  # a template may name any number of them
                self._known.clear()
                self._fetch_began.clear()
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
            # The user may lack this permission alone; the trigger shows what else is wrong.
        if details is not None and details.is_stale:
            missing = f"Airflow has no DAG {dag_id!r} any more: its file does not have it."
        return _Known(fetched_at=self._clock(), details=details, missing=missing)


_caches: WeakValueDictionary[str, DetailsCache] = WeakValueDictionary()
_caches_lock = Lock()


def shared_cache(alias: str, connection: Connection) -> DetailsCache:
    """Return the cache that all instances of a publisher share: there is one for each thread.

    It exists as long as one of them does.

    Args:
        alias: the publisher.
        connection: how Airflow is reached; a changed one gets a new cache.
    """
    with _caches_lock:
        cache = _caches.get(alias)
        if cache is None or cache.connection != connection:
            cache = _caches[alias] = DetailsCache(connection)
        return cache
