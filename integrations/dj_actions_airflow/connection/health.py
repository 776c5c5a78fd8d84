"""Which programs of an Airflow do not work, as its API server says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dj_actions.exceptions import PublishError
from dj_actions_airflow.connection.statuses import status_of

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient

SCHEDULER = "scheduler"
DAG_PROCESSOR = "DAG processor"

PARTS: Mapping[str, str] = {"scheduler": SCHEDULER, "dag_processor": DAG_PROCESSOR}
"""Key in the response → name."""

UNHEALTHY = "unhealthy"


def broken_programs(client: AirflowClient) -> list[str]:
    """Return the names of the programs that do not work; none if the server does not say so.

    Raises:
        PublishError: there was no response.
    """
    try:
        answer = client.call("GET", "/monitor/health", failure="Airflow did not report its health")
    except PublishError as error:
        if not status_of(error):
            raise
        return []  # what is in front of it may hide it
    return [name for key, name in PARTS.items() if _status(answer.get(key)) == UNHEALTHY]


def _status(part: object) -> object:
    return part.get("status") if isinstance(part, Mapping) else None
