"""The event of an action, as DJ Actions puts it into `dag_run.conf` (contract version 1).

It is validated by hand, in plain Python: the rules are few, and the error messages are ours.
Unknown keys are ignored: the contract may grow without breaking a DAG.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SCHEMA = 1
"""The version of the contract."""

CHUNK_SIZE = 100
"""How many objects one mapped task handles, unless a DAG says otherwise."""

RUN_ID = re.compile(
    r"djactions-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-.*)?", re.IGNORECASE | re.DOTALL
)
"""The id of a run that an action has started: of its event, then of the part if there are more."""


class InvalidEvent(ValueError):
    """The conf breaks the contract; the message says which field, its value, and what to do."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(
            f"Event field {field!r} is {value!r}, expected {expected}. "
            "Correct what is published and trigger a new run: retrying this one cannot succeed."
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who ran the action."""

    id: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionEvent:
    """One action that happened."""

    id: uuid.UUID
    """The id of the event: the same in every delivery of this action."""
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
    parent: uuid.UUID | None = None
    """The id of the event that led to this one, if the project sends it."""

    @property
    def actor_label(self) -> str:
        """The actor in words."""
        return self.actor.label if self.actor else "the system"

    def require_object_id(self) -> str:
        """Return the id of the one object; raise InvalidEvent for a bulk action."""
        if self.object_id is None:
            raise InvalidEvent(
                "object_id",
                None,
                "one object: this DAG takes no bulk actions",
            )
        return self.object_id

    def chunks(self, size: int = CHUNK_SIZE) -> list[list[str]]:
        """Return the ids of the objects in lists of `size` at most, for mapped tasks.

        A task for each object of a bulk action keeps the scheduler from all other DAGs for
        minutes, and Airflow refuses to map over more than 1,024 items.

        Raises:
            ValueError: `size` is less than 1.
        """
        if size < 1:
            raise ValueError(f"A chunk of {size} objects is not possible; use 1 or more.")
        ids = self.object_ids
        return [list(ids[start : start + size]) for start in range(0, len(ids), size)]


def parse_event(conf: Mapping[str, Any]) -> ActionEvent:
    """Return the validated event of a run's conf.

    Raises:
        InvalidEvent: a field is wrong; the first one is named.
    """
    _check_schema(conf)
    event = ActionEvent(
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
        parent=None if conf.get("parent") is None else _uuid(conf, "parent"),
    )
    if event.object_id is not None and event.object_ids != (event.object_id,):
        raise InvalidEvent("object_ids", conf["object_ids"], f"[{event.object_id!r}]")
    return event


def event_id_of(run_id: str, conf: Mapping[str, Any] | None = None) -> str | None:
    """Return the id of the event that started a run; None if no action has started it.

    Args:
        run_id: the id of the run, which has the event's id whatever the conf is made of.
        conf: the conf of the run: one that a person has triggered again with the same conf has
            another id.
    """
    if found := RUN_ID.fullmatch(run_id):
        return found[1].lower()
    if not conf or "schema" not in conf:
        return None
    try:
        return str(_uuid(conf, "id"))
    except InvalidEvent:
        return None


def _check_schema(conf: Mapping[str, Any]) -> None:
    value = conf.get("schema")
    if isinstance(value, bool) or value != SCHEMA:
        raise InvalidEvent("schema", value, f"{SCHEMA}, the contract version that is understood")


def _text(conf: Mapping[str, Any], field: str) -> str:
    value = conf.get(field)
    if not isinstance(value, str) or not value:
        raise InvalidEvent(field, value, "a string that is not empty")
    return value


def _optional_text(conf: Mapping[str, Any], field: str) -> str:
    value = conf.get(field, "")
    if not isinstance(value, str):
        raise InvalidEvent(field, value, "a string")
    return value


def _positive_integer(conf: Mapping[str, Any], field: str) -> int:
    value = conf.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidEvent(field, value, "an integer of 1 or more")
    return value


def _uuid(conf: Mapping[str, Any], field: str) -> uuid.UUID:
    value = _text(conf, field)
    try:
        return uuid.UUID(value)
    except ValueError:
        raise InvalidEvent(field, value, "a UUID") from None


def _moment(conf: Mapping[str, Any], field: str) -> datetime:
    value = _text(conf, field)
    expected = "an ISO 8601 date and time with a UTC offset"
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidEvent(field, value, expected) from None
    if moment.tzinfo is None:
        raise InvalidEvent(field, value, expected)
    return moment


def _object(conf: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = conf.get(field, {})
    if not isinstance(value, Mapping):
        raise InvalidEvent(field, value, "a JSON object")
    return value


def _actor(conf: Mapping[str, Any]) -> Actor | None:
    value = conf.get("actor")
    if value is None:
        return None
    parts = value if isinstance(value, Mapping) else {}
    actor_id, label = parts.get("id"), parts.get("label")
    if not isinstance(actor_id, str) or not isinstance(label, str):
        raise InvalidEvent("actor", value, 'null or {"id": "…", "label": "…"}, both strings')
    return Actor(id=actor_id, label=label)


def _object_id(conf: Mapping[str, Any]) -> str | None:
    return None if conf.get("object_id") is None else _text(conf, "object_id")


def _object_ids(conf: Mapping[str, Any]) -> tuple[str, ...]:
    value = conf.get("object_ids")
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise InvalidEvent("object_ids", value, "a list of strings that are not empty")
    return tuple(value)
