"""The params of a DAG that actions trigger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from airflow.sdk import Param

from dj_actions_airflow_provider.events import SCHEMA

SECTION = "Event of DJ Actions"
"""The heading in Airflow's trigger form, so that a DAG's own params stay at the top."""


def action_params(
    own: Mapping[str, Any] | None = None,
    *,
    resource: str | None = None,
    actions: Collection[str] = (),
    bulk: bool | None = None,
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return params that describe the event in `dag_run.conf`, for `@dag(params=…)`.

    Airflow checks the conf against them when a run is triggered, and refuses a wrong one with 400
    before anything starts: the action's delivery is then a dead letter with Airflow's reason.

    Args:
        own: params of the DAG itself, which come first in the trigger form.
        resource: the only resource that the DAG handles, such as `todo`.
        actions: the only actions that it handles, such as `["mark_done"]`.
        bulk: True for only bulk actions, False for only those on one object.
        data: JSON Schema of the action's input, as `GET …/actions/<action>/schema/` returns it.

    Raises:
        ValueError: a param in `own` has the name of a field of the event.
    """
    required = _required(resource, actions, bulk=bulk)
    optional = _optional(data)
    if data and data.get("required"):
        required["data"] = optional.pop("data")[1]
    fields = {name: _param(schema) for name, schema in required.items()}
    fields |= {name: _param(schema, default) for name, (default, schema) in optional.items()}
    fields["object_id"] = _object_id(bulk=bulk)
    if taken := sorted(fields.keys() & (own or {}).keys()):
        raise ValueError(
            f"The params {', '.join(taken)} are fields of the event. Give the DAG's own params "
            "other names."
        )
    return {**(own or {}), **fields}


def _required(
    resource: str | None, actions: Collection[str], *, bulk: bool | None
) -> dict[str, dict[str, Any]]:
    """Return the fields that every event has."""
    text = {"type": "string", "minLength": 1}
    ids: dict[str, Any] = {"type": "array", "items": text}
    if bulk is False:
        ids |= {"minItems": 1, "maxItems": 1}
    return {
        "schema": {"const": SCHEMA, "description": "Version of the contract."},
        "id": {"type": "string", "format": "uuid", "description": "Id of the event."},
        "resource": {
            **(text if resource is None else {"type": "string", "enum": [resource]}),
            "description": "Kind of object acted on.",
        },
        "action": {
            **({"type": "string", "enum": sorted(actions)} if actions else text),
            "description": "Name of the action.",
        },
        "version": {"type": "integer", "minimum": 1, "description": "Version of the action."},
        "occurred_at": {
            "type": "string",
            "format": "date-time",
            "description": "Time of the commit.",
        },
        "object_ids": {**ids, "description": "Objects acted on."},
    }


def _optional(data: Mapping[str, Any] | None) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Return the fields that may be missing, with their defaults."""
    return {
        "actor": (None, {"type": ["object", "null"], "description": "Who: id and label."}),
        "data": ({}, {"type": "object", "description": "Validated input.", **_inner(data)}),
        "result": (None, {"description": "What the action returned."}),
        "summary": ("", {"type": "string", "description": "One line for people."}),
        "extra": ({}, {"type": "object", "description": "What the project added."}),
        "traceparent": ("", {"type": "string", "description": "W3C trace context."}),
        "parent": (
            None,
            {"type": ["string", "null"], "description": "Id of the event that led to this one."},
        ),
    }


def _inner(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the schema of the input without what only a document has at its top."""
    return {
        name: value
        for name, value in (data or {}).items()
        if name not in {"$schema", "$id", "title", "default", "examples"}
    }


def _object_id(*, bulk: bool | None) -> Any:
    """Return the param of the one object, which a bulk action does not have."""
    description = "The one object acted on; null for a bulk action."
    if bulk is False:
        return _param({"type": "string", "minLength": 1, "description": description})
    kinds = "null" if bulk else ["string", "null"]
    return _param({"type": kinds, "description": description}, None)


REQUIRED = object()


def _param(schema: Mapping[str, Any], default: Any = REQUIRED) -> Any:
    """Return a Param; without a default it is required."""
    given = () if default is REQUIRED else (default,)
    return Param(*given, section=SECTION, **schema)
