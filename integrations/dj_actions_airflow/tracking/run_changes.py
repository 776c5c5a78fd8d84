"""List the DAG runs of ours that have changed since a time."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.messages import RemoteRun
from dj_actions.publishers.bounded import ResponseTooLarge
from dj_actions_airflow.connection.features import Features
from dj_actions_airflow.connection.responses import MAX_KEY_LENGTH
from dj_actions_airflow.routing.conversion import RUN_ID_PREFIX, event_id_of
from dj_actions_airflow.tracking.run_states import listed_run

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient

logger = logging.getLogger(__name__)

PAGE_SIZE = 100
"""Runs per response: the default of Airflow's `[api] maximum_page_limit`."""

MAX_RUNS = 5000
"""Changed runs that are read in one call."""

MAX_REQUESTS = 100
"""Requests of one call."""

FAILURE = "Airflow did not list the runs that have changed"


class RunChanges:
    """Lists changed runs, if the server can select ours: an older one would list all runs.

    Args:
        client: sends the requests.
    """

    def __init__(self, client: AirflowClient) -> None:
        self._client = client
        self._is_reported = False

    def since(self, since: datetime) -> Mapping[str, Sequence[RemoteRun]] | None:
        """Return the runs of each event that have changed; None if the server cannot list them.

        Args:
            since: a time in UTC.

        Raises:
            PublishError: Airflow did not list them.
        """
        version = self._client.version
        pattern = Features.of(version).run_id_filter
        if pattern is None:
            self._report(version)
            return None
        changed: dict[str, list[RemoteRun]] = {}
        for run in self._pages(pattern, since):
            if run is None:
                return None
            if event := event_id_of(run["dag_run_id"]):
                changed.setdefault(event, []).append(listed_run(run))
        return changed

    def _report(self, version: str) -> None:
        if not self._is_reported:
            self._is_reported = True
            logger.warning(
                "Airflow %s cannot list the runs that have changed: each is checked by itself. "
                "Airflow 3.1 and later can.",
                version or "of an unknown version",
            )

    def _pages(self, pattern: str, since: datetime) -> Iterator[Mapping[str, Any] | None]:
        """Yield the changed runs; None if there are too many."""
        offset, limit = 0, PAGE_SIZE
        for _ in range(MAX_REQUESTS):
            try:
                page = self._page(pattern, since, offset=offset, limit=limit)
            except PublisherUnavailable as error:
                # The payloads are in the response, too: if they are large, fewer runs fit.
                if limit == 1 or not _is_too_large(error):
                    raise
                limit //= 2
                continue
            runs, total = _runs(page), _total(page)
            if total > MAX_RUNS:
                break
            yield from runs
            offset += len(runs)
            if not runs or offset >= total:
                return
        yield None

    def _page(self, pattern: str, since: datetime, *, offset: int, limit: int) -> Mapping[str, Any]:
        query = [
            (pattern, RUN_ID_PREFIX),
            ("updated_at_gte", since.isoformat()),
            ("order_by", "id"),
            ("limit", limit),
            ("offset", offset),
        ]
        return self._client.call("GET", "/dags/~/dagRuns", query=query, failure=FAILURE)


def _is_too_large(error: PublisherUnavailable) -> bool:
    return isinstance(error, ResponseTooLarge) or isinstance(error.__cause__, ResponseTooLarge)


def _runs(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    runs = page.get("dag_runs")
    if isinstance(runs, list) and all(map(_is_run, runs)):
        return runs
    raise PublisherUnavailable(f"{FAILURE}: the response has no runs. Is a proxy in front of it?")


def _is_run(run: object) -> bool:
    keys = ("dag_run_id", "state")
    return isinstance(run, dict) and all(
        isinstance(run.get(key), str) and len(run[key]) <= MAX_KEY_LENGTH for key in keys
    )


def _total(page: Mapping[str, Any]) -> int:
    total = page.get("total_entries")
    if isinstance(total, int):
        return total
    raise PublisherUnavailable(f"{FAILURE}: the response has no count. Is a proxy in front of it?")
