"""The payload of an action, as DJ Actions puts it into `dag_run.conf` (contract version 1).

It is validated by hand, in plain Python: the rules are few, the error messages are ours, and the
module needs nothing but the standard library, so it can be copied into any DAG folder.
Unknown keys are ignored: the contract may grow without breaking a DAG.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SCHEMA = 1


class PayloadError(ValueError):
    """The payload breaks the contract; the message says which field, its value, and what to do."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(
            f"Payload field {field!r} is {value!r}, expected {expected}. "
            "Correct what is published and trigger a new run: retrying this one cannot succeed."
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who ran the action."""

    id: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionPayload:
    """One action that happened."""

    id: uuid.UUID
    """The id of the message: the same in every delivery of this action."""
    resource: str
    """What kind of object was acted on, such as `todo`."""
    action: str
    """The name of the action, such as `mark_done`."""
    version: int
    """The version of the action's input and result."""
    occurred_at: datetime
    """When the action was committed, with a time zone."""
    actor: Actor | None
    """None when the system itself acted."""
    object_id: str | None
    """The one object acted on, None for a bulk action."""
    object_ids: tuple[str, ...]
    """Every object acted on; empty when a bulk action found none."""
    data: Mapping[str, Any]
    """The validated input of the action."""
    result: Any
    """What the action returned: any JSON value."""
    summary: str
    """One line for people."""
    extra: Mapping[str, Any]
    """What the project added to the message."""
    traceparent: str
    """The W3C trace context of the request, empty when there is none."""

    @property
    def actor_label(self) -> str:
        """The actor in words."""
        return self.actor.label if self.actor else "the system"

    def require_object_id(self) -> str:
        """Return the id of the one object; raise PayloadError for a bulk action."""
        if self.object_id is None:
            raise PayloadError(
                "object_id",
                None,
                "one object: this DAG takes no bulk actions",
            )
        return self.object_id


def parse_payload(conf: Mapping[str, Any]) -> ActionPayload:
    """Return the validated payload; raise PayloadError on the first field that is wrong."""
    _check_schema(conf)
    payload = ActionPayload(
        id=_uuid(conf, "id"),
        resource=_text(conf, "resource"),
        action=_text(conf, "action"),
        version=_positive_integer(conf, "version"),
        occurred_at=_moment(conf, "occurred_at"),
        actor=_actor(conf),
        object_id=_object_id(conf),
        object_ids=_object_ids(conf),
        data=_object(conf, "data"),
        result=conf.get("result"),
        summary=_optional_text(conf, "summary"),
        extra=_object(conf, "extra"),
        traceparent=_optional_text(conf, "traceparent"),
    )
    if payload.object_id is not None and payload.object_ids != (payload.object_id,):
        raise PayloadError("object_ids", conf["object_ids"], f"[{payload.object_id!r}]")
    return payload


def _check_schema(conf: Mapping[str, Any]) -> None:
    value = conf.get("schema")
    if isinstance(value, bool) or value != SCHEMA:
        raise PayloadError("schema", value, f"{SCHEMA}, the contract version these DAGs understand")


def _text(conf: Mapping[str, Any], field: str) -> str:
    value = conf.get(field)
    if not isinstance(value, str) or not value:
        raise PayloadError(field, value, "a string that is not empty")
    return value


def _optional_text(conf: Mapping[str, Any], field: str) -> str:
    value = conf.get(field, "")
    if not isinstance(value, str):
        raise PayloadError(field, value, "a string")
    return value


def _positive_integer(conf: Mapping[str, Any], field: str) -> int:
    value = conf.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise PayloadError(field, value, "an integer of 1 or more")
    return value


def _uuid(conf: Mapping[str, Any], field: str) -> uuid.UUID:
    value = _text(conf, field)
    try:
        return uuid.UUID(value)
    except ValueError:
        raise PayloadError(field, value, "a UUID") from None


def _moment(conf: Mapping[str, Any], field: str) -> datetime:
    value = _text(conf, field)
    expected = "an ISO 8601 date and time with a UTC offset"
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise PayloadError(field, value, expected) from None
    if moment.tzinfo is None:
        raise PayloadError(field, value, expected)
    return moment


def _object(conf: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = conf.get(field, {})
    if not isinstance(value, Mapping):
        raise PayloadError(field, value, "a JSON object")
    return value


def _actor(conf: Mapping[str, Any]) -> Actor | None:
    value = conf.get("actor")
    if value is None:
        return None
    parts = value if isinstance(value, Mapping) else {}
    actor_id, label = parts.get("id"), parts.get("label")
    if not isinstance(actor_id, str) or not isinstance(label, str):
        raise PayloadError("actor", value, 'null or {"id": "…", "label": "…"}, both strings')
    return Actor(id=actor_id, label=label)


def _object_id(conf: Mapping[str, Any]) -> str | None:
    return None if conf.get("object_id") is None else _text(conf, "object_id")


def _object_ids(conf: Mapping[str, Any]) -> tuple[str, ...]:
    value = conf.get("object_ids")
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise PayloadError("object_ids", value, "a list of strings that are not empty")
    return tuple(value)
