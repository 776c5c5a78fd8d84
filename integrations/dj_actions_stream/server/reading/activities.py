"""Parse an activity's JSON to a draft, and render a stored activity as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dj_actions_stream.server.identity import id_from_data, id_from_pair, render_time
from dj_actions_stream.server.models import Activity
from dj_actions_stream.server.parsing.fields import FieldReader, Target
from dj_actions_stream.server.protocol.errors import InputError, TooLargeError

# Stream's documented limit for one activity as JSON. Targets have a limit of their own, and their
# tokens alone would exceed this one, so they are not counted.
MAX_BYTES = 10 * 1024
# Stream documents it for updates and lookups; for adding there is no published limit.
MAX_BATCH = 100
_MICROSECOND = timedelta(microseconds=1)

OWN_FIELDS = frozenset({"actor", "verb", "object", "target", "time", "foreign_id", "to"})
# The server's responses contain them, and clients send back what they read.
IGNORED_FIELDS = frozenset({"id", "origin"})
# "Reserved field names" in Stream's documentation, without those above.
RESERVED_FIELDS = frozenset(
    {
        "activity",
        "activity_id",
        "analytics",
        "extra_context",
        "is_read",
        "is_seen",
        "score",
        "site_id",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """An activity that has been parsed but not stored."""

    id: UUID
    foreign_id: str
    time: datetime
    actor: str
    verb: str
    object: str
    target: str
    to: tuple[Target, ...]
    custom: Mapping[str, Any]


def read_drafts(items: Any, *, received: datetime) -> list[Draft]:
    """Return the drafts of a batch in order, or raise InputError with every invalid field."""
    # Without times of their own, the items of a batch keep their order.
    return _read_all(
        items, lambda index, item: read_draft(item, received=received + _MICROSECOND * index)
    )


def read_updates(items: Any) -> list[Draft]:
    """Return the drafts of activities to overwrite, which need a foreign_id and a time."""
    return _read_all(items, lambda _, item: read_draft(item, received=None))


def read_draft(item: Any, *, received: datetime | None) -> Draft:
    """Return the draft of one activity.

    Args:
        item: the JSON of the activity.
        received: the default for its time; None if foreign_id and time are required.

    Raises:
        InputError: a field is missing, invalid or reserved.
        TooLargeError: the activity exceeds `MAX_BYTES`.
    """
    if not isinstance(item, dict):
        raise InputError("An activity must be a JSON object.")
    check_size(item)
    reader = FieldReader(item)
    foreign_id, time = _identity(reader, received)
    data = {
        "actor": reader.required("actor"),
        "verb": reader.verb("verb"),
        "object": reader.required("object"),
        "target": reader.optional("target"),
    }
    to = reader.targets("to")
    reader.reject(RESERVED_FIELDS)
    reader.raise_errors()
    custom = dict(_custom(item))
    identity = (
        id_from_pair(foreign_id, time) if foreign_id else id_from_data({**custom, **data}, time)
    )
    return Draft(id=identity, foreign_id=foreign_id, time=time, to=to, custom=custom, **data)


def render_activity(activity: Activity, *, origin: str = "") -> dict[str, Any]:
    """Return the activity as Stream sends it. Own fields take precedence over custom ones.

    Args:
        activity: the activity.
        origin: the followed feed that it was copied from, if any.
    """
    rendered = {
        **activity.custom,
        "id": str(activity.id),
        "actor": activity.actor,
        "verb": activity.verb,
        "object": activity.object,
        "target": activity.target or None,
        "time": render_time(activity.time),
        "foreign_id": activity.foreign_id or None,
        "origin": origin or None,
    }
    # Stream leaves out an empty `to`, except in the response to adding.
    return {**rendered, "to": activity.to} if activity.to else rendered


def check_size(item: Mapping[str, Any]) -> None:
    """Raise TooLargeError if the activity exceeds `MAX_BYTES` as JSON, without `to`."""
    counted = {name: value for name, value in item.items() if name != "to"}
    text = json.dumps(counted, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_BYTES:
        raise TooLargeError(f"An activity must not exceed {MAX_BYTES} bytes as JSON.")


def _identity(reader: FieldReader, received: datetime | None) -> tuple[str, datetime]:
    if received is None:
        return reader.required_foreign_id("foreign_id"), reader.required_time("time")
    return reader.foreign_id("foreign_id"), reader.time("time", default=received)


def _read_all(items: Any, read: Callable[[int, Any], Draft]) -> list[Draft]:
    if not isinstance(items, list) or not 0 < len(items) <= MAX_BATCH:
        message = f"this field must be a list of 1 to {MAX_BATCH} activities"
        raise InputError.for_fields({"activities": [message]})
    errors: dict[str, Sequence[str]] = {}
    drafts = []
    for index, item in enumerate(items):
        try:
            drafts.append(read(index, item))
        except InputError as error:
            errors |= _prefixed_errors(f"activities.{index}", error)
    if errors:
        raise InputError.for_fields(errors)
    return drafts


def _custom(item: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, item[name]) for name in item if name not in OWN_FIELDS | IGNORED_FIELDS)


def _prefixed_errors(prefix: str, error: InputError) -> dict[str, Sequence[str]]:
    if error.fields is None:
        return {prefix: [error.detail]}
    return {f"{prefix}.{name}": messages for name, messages in error.fields.items()}
