"""What the states of DAG runs mean for a delivery. No client, no network."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dj_actions.messages import RemoteRun
from dj_actions.states import RemoteState

STATES: Mapping[str, RemoteState] = {
    "queued": RemoteState.RUNNING,
    "running": RemoteState.RUNNING,
    "success": RemoteState.SUCCEEDED,
    "failed": RemoteState.FAILED,
}
"""Every state of a DAG run: https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html."""

LOST_RUN = RemoteRun(state=RemoteState.LOST, detail="not found")
"""A run that Airflow no longer has."""

WORST_FIRST = (RemoteState.FAILED, RemoteState.LOST, RemoteState.SUCCEEDED)
"""The ends of several runs: the first of these that one of them has is that of all."""


def remote_run(state: str) -> RemoteRun:
    """Return the RemoteRun for a DAG run's state. An unknown state counts as running."""
    return RemoteRun(state=STATES.get(state, RemoteState.RUNNING), detail=state)


def listed_run(run: Mapping[str, Any]) -> RemoteRun:
    """Return the RemoteRun for a run in a list of Airflow's."""
    duration = run.get("duration")
    is_number = isinstance(duration, (int, float)) and math.isfinite(duration)
    found = remote_run(run["state"])
    if found.state == RemoteState.RUNNING:  # a run that was cleared may keep its earlier times
        return found
    return replace(
        found,
        duration=float(duration) if is_number and duration is not None else None,
        ended_at=_time(run.get("end_date")),
    )


def combined(runs: Sequence[RemoteRun]) -> RemoteRun:
    """Return the state of all runs of one delivery.

    They run while one of them does. Then they have failed if one has; its failure is theirs.

    Args:
        runs: at least one.
    """
    if len(runs) == 1:
        return runs[0]
    states = {run.state for run in runs}
    running = RemoteState.RUNNING in states
    state = RemoteState.RUNNING if running else next(one for one in WORST_FIRST if one in states)
    ends = [run.ended_at for run in runs if run.ended_at]
    return RemoteRun(
        state=state,
        detail=_counts(runs),
        hint=next((run.hint for run in runs if run.hint), ""),
        failure=None if running else next((run.failure for run in runs if run.failure), None),
        result=None if running else _results(runs),
        duration=None if running else max((run.duration or 0.0 for run in runs), default=0.0),
        ended_at=max(ends) if ends and not running else None,
    )


def _results(runs: Sequence[RemoteRun]) -> list[Any] | None:
    """Return the results in the order of the runs; None if no run has one."""
    results = [run.result for run in runs]
    return None if all(result is None for result in results) else results


def _counts(runs: Sequence[RemoteRun]) -> str:
    """Return how many runs are in which of Airflow's states, for example `3 success, 1 failed`."""
    counts = Counter(run.detail or run.state.value for run in runs)
    return ", ".join(f"{count} {detail}" for detail, count in sorted(counts.items()))


def _time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        return found and (found if found.tzinfo else found.replace(tzinfo=UTC))
    except ValueError:
        return None
