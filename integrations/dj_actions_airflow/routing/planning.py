"""Which DAG runs a message has, as its route says. No client, no network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishRejected,
)
from dj_actions.messages import Message
from dj_actions.publishers import require_stored
from dj_actions.publishers.templates import NO_VALUE
from dj_actions_airflow.routing.conversion import dag_run_conf, raise_for_large_conf
from dj_actions_airflow.routing.dag_ids import DAG_ID_HINT, is_dag_id
from dj_actions_airflow.routing.functions import call_function, is_function, load_function
from dj_actions_airflow.routing.parts import MAX_CHUNK_SIZE, parts_of, plain_label, run_id_of
from dj_actions_airflow.routing.routes import DATA, ENVELOPE, Route, Runs, Target
from dj_actions_airflow.routing.values import fill, fill_texts, moment

MAX_NOTE_LENGTH = 1000
"""Characters. Airflow on PostgreSQL rejects more."""

MAX_KEY_LENGTH = 250
"""Characters of a partition key."""

PAYLOAD = ("data", "result", "extra")
"""Fields of a message that may be too large to be stored: the envelope has all of them, and a
function may read any."""

LATER_EVENTS = " A route applies only to events that are recorded after it was set."

INVALID = (TypeError, ValueError, ImportError, AttributeError)
"""What a route raises with which no message can be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """A DAG run that is to be triggered."""

    dag_id: str
    run_id: str

    conf: Mapping[str, Any]
    """Plain JSON."""

    note: str = ""
    run_after: datetime | None = None
    partition_key: str | None = None

    is_envelope: bool = True
    """Whether `conf` is our own payload, which has the id of the event."""


def planned_runs(message: Message, default_dag_id: Any, max_conf_bytes: int) -> list[PlannedRun]:
    """Return the runs of a message: at least one, each with a DAG and an id of its own.

    Args:
        message: the message.
        default_dag_id: that of OPTIONS.
        max_conf_bytes: the largest payload of a run.

    Raises:
        PublishRejected: the message does not fit its route.
        DestinationNotFound: the route is wrong.
        PublisherMisconfigured: `dag_id` in OPTIONS is wrong.
        PublishError: a function of the route has failed.
    """
    route = Route.of(message.options, default_dag_id)
    try:
        runs = list(_runs(message, route))
    except INVALID as error:
        raise DestinationNotFound(
            f"The route of {message.label} is wrong: {error}.{LATER_EVENTS}"
        ) from error
    for run in runs:
        raise_for_large_conf(run.conf, max_conf_bytes)
    return runs


def _runs(message: Message, route: Route) -> Iterator[PlannedRun]:
    targets = _resolved(message, route)
    parts = parts_of(
        message, _how_many(route.runs), _chunk_size(route.chunk_size), dags=len(targets)
    )
    for part in parts:
        for dag_id, target in targets.items():
            label = plain_label(dag_id) if len(targets) > 1 else ""
            yield PlannedRun(
                dag_id=dag_id,
                run_id=run_id_of(message, label, part.label),
                conf=_conf(target.conf, part.message),
                note=_note(target.note, part.message),
                run_after=None
                if target.run_after is None
                else moment(target.run_after, part.message),
                partition_key=_partition_key(target.partition_key, part.message),
                is_envelope=target.conf == ENVELOPE,
            )


def _how_many(value: Any) -> Runs:
    if value not in list(Runs):
        raise ValueError(f"runs is {value!r}; expected one of: {', '.join(Runs)}")
    return Runs(value)


def _chunk_size(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_CHUNK_SIZE:
        raise ValueError(f"chunk_size is {value!r}; expected 1 to {MAX_CHUNK_SIZE}")
    return value


def _resolved(message: Message, route: Route) -> dict[str, Target]:
    """Return the DAGs of a message, each one once."""
    found: dict[str, Target] = {}
    for target in route.targets:
        for dag_id in dict.fromkeys(_dag_ids(message, target)):
            if dag_id in found:
                raise PublishRejected(
                    f"The route of {message.label} has the DAG {dag_id!r} twice, which would have "
                    "the same run."
                )
            found[dag_id] = target
    if not found:
        raise PublishRejected(f"The route of {message.label} has no DAG for this message.")
    return found


def _dag_ids(message: Message, target: Target) -> list[str]:
    """Return the DAGs of a target.

    Raises:
        PublishError: there is none, or one is not the id of a DAG.
    """
    declared = target.dag_id
    if not declared:
        # Only this route is wrong: the lane continues with the others.
        raise DestinationNotFound(
            f"No DAG is configured for {message.label}. Set dag_id in ROUTES, or in OPTIONS."
            f"{LATER_EVENTS}"
        )
    found = _declared_ids(declared, message)
    for dag_id in found:
        if not is_dag_id(dag_id):
            raise _wrong_dag_id(dag_id, message, target)
    return found


def _declared_ids(declared: Any, message: Message) -> list[Any]:
    if isinstance(declared, list | tuple):
        return [found for entry in declared for found in _declared_ids(entry, message)]
    if not is_function(declared):
        return fill_texts("dag_id", declared, message)
    require_stored(message, *PAYLOAD)
    found = call_function(load_function(declared), message)
    if found is None:
        return []
    return list(found) if isinstance(found, list | tuple) else [found]


def _wrong_dag_id(dag_id: object, message: Message, target: Target) -> Exception:
    text = f"{dag_id!r}, which is configured for {message.label}, is not the id of a DAG. "
    if dag_id != target.dag_id:  # a template or a function: other messages may have a good one
        return PublishRejected(f"{text}{DAG_ID_HINT} dag_id is {target.dag_id!r}.")
    if target.is_of_options:  # it is wrong for all messages
        return PublisherMisconfigured(f"{text}{DAG_ID_HINT}")
    return DestinationNotFound(f"{text}{DAG_ID_HINT}{LATER_EVENTS}")


def _conf(declared: Any, message: Message) -> dict[str, Any]:
    if declared == ENVELOPE or is_function(declared):
        require_stored(message, *PAYLOAD)
    if declared == ENVELOPE:
        return dag_run_conf(message)
    if is_function(declared):
        found = call_function(load_function(declared), message)
    else:
        found = fill("conf", "{data}" if declared == DATA else declared, message)
    if found is NO_VALUE:
        return {}
    if not isinstance(found, Mapping):
        raise PublishRejected(
            f"conf of the route of {message.label} is {str(found)[:100]!r} for this message; a DAG "
            "run needs an object."
        )
    return plain_conf(found, message)


def plain_conf(conf: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """Return a payload as plain JSON.

    Raises:
        PublishRejected: JSON cannot represent it.
    """
    try:
        text = json.dumps(conf, cls=DjangoJSONEncoder, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise PublishRejected(
            f"conf of the route of {message.label} is not JSON for this message: {error}."
        ) from error
    plain: dict[str, Any] = json.loads(text)
    return plain


def _note(declared: Any, message: Message) -> str:
    found = fill("note", declared or "", message)
    return "" if found is NO_VALUE else str(found)[:MAX_NOTE_LENGTH]


def _partition_key(declared: Any, message: Message) -> str | None:
    if declared is None:
        return None
    found = fill("partition_key", declared, message)
    if found is NO_VALUE:
        return None
    text = str(found)
    if not text or len(text) > MAX_KEY_LENGTH:
        raise PublishRejected(
            f"partition_key of the route of {message.label} is {text[:100]!r} for this message; "
            f"expected 1 to {MAX_KEY_LENGTH} characters."
        )
    return text
