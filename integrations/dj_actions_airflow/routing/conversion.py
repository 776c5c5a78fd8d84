"""The id and the payload of a message's DAG run. No client, no network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from dj_actions.exceptions import PublishRejected
from dj_actions.messages import Message

SCHEMA = 1
"""Version of the payload's schema. The sample DAGs reject other versions."""

RUN_ID_PREFIX = "djactions-"

RUN_ID = re.compile(
    rf"{RUN_ID_PREFIX}(?P<event_id>[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})"
    r"(?:-(?P<part>[A-Za-z0-9_.-]+))?"
)
"""A run of ours. If a message has several runs, what follows the event's id distinguishes them."""

ENVELOPE_KEYS = (
    *("schema", "id", "resource", "action", "version", "occurred_at", "actor"),
    *("object_id", "object_ids", "data", "result", "summary", "extra", "traceparent"),
    "parent",
)
"""Keys of our own payload."""


def dag_run_id(message: Message) -> str:
    """Return the id of the message's run. Airflow rejects duplicates, so it is created once."""
    return f"{RUN_ID_PREFIX}{message.id}"


def event_id_of(run_id: str) -> str | None:
    """Return the id of the event whose message triggered a run, or None if it is not ours."""
    match = RUN_ID.fullmatch(run_id)
    return match["event_id"] if match else None


def dag_run_conf(message: Message) -> dict[str, Any]:
    """Return the payload that a DAG reads from `dag_run.conf`, as plain JSON."""
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
        "parent": str(message.parent) if message.parent else None,
    }
    plain: dict[str, Any] = json.loads(json.dumps(conf, cls=DjangoJSONEncoder))
    return plain


def raise_for_large_conf(conf: Mapping[str, Any], limit: int) -> None:
    """Raise PublishRejected if the payload has more than `limit` bytes as UTF-8.

    Airflow itself accepts any size, and then returns all of it with every list of runs.
    """
    size = len(json.dumps(conf, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if size > limit:
        raise PublishRejected(
            f"The payload has {size} bytes; max_conf_bytes allows {limit}. Reduce the action's "
            "input or result, let conf of the route choose less, or fetch the data in the DAG."
        )
