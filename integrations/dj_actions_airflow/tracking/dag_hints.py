"""Find out why the runs of a DAG do not advance: it is paused, broken, or busy."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dj_actions.exceptions import DestinationNotFound, PublishError
from dj_actions_airflow.connection.health import SCHEDULER, broken_programs

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient

MAX_AGE = 15.0
"""Seconds for which what is known of a DAG is used again."""

MAX_DAGS = 1000
"""DAGs of which something is kept."""


class DagHints:
    """Says of each DAG, in one sentence, why its runs wait; each DAG is read now and then.

    Args:
        client: sends the requests.
    """

    def __init__(self, client: AirflowClient) -> None:
        self._client = client
        self._known: dict[tuple[str, bool], tuple[float, str]] = {}
        self._scheduler = float("-inf"), ""

    def of(self, dag_id: str, *, is_queued: bool) -> str:
        """Return why a run waits; empty if it does not, or if Airflow does not say so.

        Args:
            dag_id: id of the DAG.
            is_queued: whether the run has not begun.
        """
        key = dag_id, is_queued
        read_at, hint = self._known.get(key, (float("-inf"), ""))
        if time.monotonic() - read_at < MAX_AGE:
            return hint
        try:
            hint = self._read(dag_id, is_queued=is_queued) or self._of_scheduler()
        except PublishError:
            hint = ""  # it may be that the user must not read DAGs; the state is known without it
        if len(self._known) >= MAX_DAGS:
            self._known.clear()
        self._known[key] = time.monotonic(), hint
        return hint

    def _read(self, dag_id: str, *, is_queued: bool) -> str:
        try:
            dag = self._client.call(
                "GET", f"{_path(dag_id)}/details", failure=f"Airflow did not describe {dag_id!r}"
            )
        except DestinationNotFound:
            return f"Airflow does not know DAG {dag_id!r} any more."
        # What unpausing does not help against comes first.
        if dag.get("has_import_errors") is True:
            return f"The file of DAG {dag_id!r} has an import error."
        if dag.get("is_stale") is True:
            return f"DAG {dag_id!r} is not in its file any more."
        if dag.get("is_paused") is True:
            return f"DAG {dag_id!r} is paused."
        return self._limit(dag_id, dag) if is_queued else ""

    def _of_scheduler(self) -> str:
        """Return a sentence if the scheduler does not work, which is read once for all DAGs."""
        read_at, hint = self._scheduler
        if time.monotonic() - read_at >= MAX_AGE:
            is_broken = SCHEDULER in broken_programs(self._client)
            hint = "Airflow's scheduler does not work: no task is started." if is_broken else ""
            self._scheduler = time.monotonic(), hint
        return hint

    def _limit(self, dag_id: str, dag: Mapping[str, Any]) -> str:
        """Return a sentence if as many runs as the DAG allows are running."""
        limit = dag.get("max_active_runs")
        if not isinstance(limit, int) or limit < 1:
            return ""
        page = self._client.call(
            "GET",
            f"{_path(dag_id)}/dagRuns",
            query=[("state", "running"), ("limit", 1)],
            failure=f"Airflow did not count the runs of {dag_id!r}",
        )
        running = page.get("total_entries")
        if not isinstance(running, int) or running < limit:
            return ""
        return f"DAG {dag_id!r} runs {running} at a time, its max_active_runs; this one waits."


def _path(dag_id: str) -> str:
    return f"/dags/{quote(dag_id, safe='')}"
