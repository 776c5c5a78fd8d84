"""Message → DAG run, and a DAG run's state → ours. Pure: no client, no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from dj_actions.exceptions import PublishRejected
from dj_actions.messages import Message, RemoteRun
from dj_actions.states import RemoteState

SCHEMA = 1
"""Version of the payload's shape; DAGs refuse a shape they do not know."""

RUN_ID_PREFIX = "djactions-"

STATES: Mapping[str, RemoteState] = {
    "queued": RemoteState.RUNNING,
    "running": RemoteState.RUNNING,
    "success": RemoteState.SUCCEEDED,
    "failed": RemoteState.FAILED,
}
"""All states of a DAG run: https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html."""


def run_id_of(message: Message) -> str:
    """Return the id of the run: Airflow refuses a second one, so there is never another."""
    return f"{RUN_ID_PREFIX}{message.id}"


def conf_of(message: Message) -> dict[str, Any]:
    """Return the payload a DAG finds in `dag_run.conf`: plain JSON, documented in the README."""
    conf = {
        "schema": SCHEMA,
        "id": str(message.id),
        "resource": message.resource,
        "action": message.action,
        "version": message.version,
        "occurred_at": message.occurred_at.isoformat(),
        "actor": {"id": message.actor.id, "label": message.actor.label} if message.actor else None,
        "object_id": message.object_id,
        "object_ids": list(message.object_ids),
        "data": message.data,
        "result": message.result,
        "summary": message.summary,
        "extra": message.extra,
        "traceparent": message.traceparent,
    }
    plain: dict[str, Any] = json.loads(json.dumps(conf, cls=DjangoJSONEncoder))
    return plain


def refuse_large(conf: Mapping[str, Any], limit: int) -> None:
    """Raise PublishRejected for a payload that is too large.

    Airflow itself takes any size, and then answers each list of runs with all of it.
    """
    size = len(json.dumps(conf).encode())
    if size > limit:
        raise PublishRejected(
            f"The payload has {size} bytes; max_conf_bytes allows {limit}. Put less into the "
            "action's input or result, or let the DAG fetch what it needs."
        )


def remote_run_of(state: str) -> RemoteRun:
    """Return what a run's state means to us; a state we do not know still runs."""
    return RemoteRun(state=STATES.get(state, RemoteState.RUNNING), detail=state)


LOST = RemoteRun(state=RemoteState.LOST, detail="not found")
