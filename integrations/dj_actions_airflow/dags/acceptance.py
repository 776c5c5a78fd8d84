"""Whether DAGs will accept the runs of a message, before any of them is triggered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dj_actions.exceptions import PublishRejected
from dj_actions.publishers import before_sending
from dj_actions_airflow.dags.details import CONFIRMED_AGE, MAX_AGE, DetailsCache
from dj_actions_airflow.dags.params import param_problems
from dj_actions_airflow.routing.planning import PlannedRun

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient


def require_accepted(
    details: DetailsCache, client: AirflowClient, runs: Sequence[PlannedRun]
) -> None:
    """Refuse a message with a run that its DAG would refuse.

    Args:
        details: what Airflow has said about DAGs.
        client: sends the requests.
        runs: all runs of the message.

    Raises:
        PublishRejected: a payload does not satisfy the params of its DAG.
        DestinationNotFound: a DAG does not exist.
        PublishError: Airflow did not respond.
    """
    for run in runs:
        problems = _problems_of(details, client, run)
        if problems:
            with before_sending():
                raise PublishRejected(
                    f"DAG {run.dag_id!r} does not accept this message: {'; '.join(problems)}. "
                    "Change conf of its route, the action's input, or the DAG's params."
                )


def _problems_of(details: DetailsCache, client: AirflowClient, run: PlannedRun) -> list[str]:
    """Return what the params of the DAG refuse: as they are now, and not a minute ago."""
    problems: list[str] = []
    for max_age in (MAX_AGE, CONFIRMED_AGE):
        known = details.get(client, run.dag_id, max_age=max_age)
        problems = param_problems(known.params, run.conf) if known else []
        if not problems:
            break
    return problems
