"""Partial updates: set and unset fields of an activity by dotted paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import router, transaction

from dj_actions_stream.server.identity import id_from_pair, parse_id
from dj_actions_stream.server.models import Activity
from dj_actions_stream.server.parsing.fields import FieldReader
from dj_actions_stream.server.protocol.errors import InputError, NotFoundError
from dj_actions_stream.server.reading.activities import (
    IGNORED_FIELDS,
    MAX_BATCH,
    OWN_FIELDS,
    RESERVED_FIELDS,
    check_size,
    render_activity,
)

# Stream's documented limit for each of `set` and `unset`.
MAX_PATHS = 25
PROTECTED_FIELDS = OWN_FIELDS | IGNORED_FIELDS | RESERVED_FIELDS
KEYS = frozenset({"id", "foreign_id", "time", "set", "unset"})

Path = tuple[str, ...]
T = TypeVar("T", dict[str, Any], list[Any])
_KINDS: dict[type, str] = {dict: "an object", list: "a list"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PartialUpdate:
    """The paths of one activity to set and to unset."""

    activity_id: UUID
    set: Mapping[Path, Any]
    unset: Sequence[Path]

    @classmethod
    def parse(cls, item: Any) -> Self:
        """Return the update in a request's JSON, or raise InputError."""
        if not isinstance(item, dict):
            raise InputError("A change must be a JSON object.")
        if unknown := sorted(item.keys() - KEYS):
            raise InputError.for_fields({name: ["this field is unknown"] for name in unknown})
        values = _read("set", item.get("set"), {})
        names = _read("unset", item.get("unset"), [])
        update = cls(
            activity_id=_activity_id(item),
            set={_path("set", name): value for name, value in values.items()},
            unset=[_path("unset", name) for name in names],
        )
        _check_distinct([*update.set, *update.unset])
        return update

    def apply(self, custom: dict[str, Any]) -> dict[str, Any]:
        """Return the custom fields after the update, or raise InputError."""
        changed = deepcopy(custom)
        for path, value in self.set.items():
            _parent(changed, path, create=True)[path[-1]] = deepcopy(value)
        for path in self.unset:
            _parent(changed, path, create=False).pop(path[-1], None)
        return changed


def read_partial_updates(changes: Any) -> list[PartialUpdate]:
    """Return the updates of a request, or raise InputError."""
    if not isinstance(changes, list) or not 0 < len(changes) <= MAX_BATCH:
        message = f"this field must be a list of 1 to {MAX_BATCH} changes"
        raise InputError.for_fields({"changes": [message]})
    return [PartialUpdate.parse(item) for item in changes]


def update_partially(updates: Sequence[PartialUpdate]) -> list[Activity]:
    """Apply all updates in order, or none of them, and return the activities.

    Raises:
        NotFoundError: an activity does not exist.
        InputError: a path leads through a value that is not an object.
        TooLargeError: an activity becomes too large.
    """
    ids = [update.activity_id for update in updates]
    with transaction.atomic(using=router.db_for_write(Activity)):
        locked = Activity.objects.filter(pk__in=ids).for_update()
        activities = {activity.pk: activity for activity in locked}
        _check_found(ids, activities)
        for update in updates:
            activity = activities[update.activity_id]
            activity.custom = update.apply(activity.custom)
        for activity in activities.values():
            check_size(render_activity(activity))
        Activity.objects.bulk_update(activities.values(), ["custom"])
    return [activities[pk] for pk in ids]


def _activity_id(item: Mapping[str, Any]) -> UUID:
    if "id" in item:
        if "foreign_id" in item or "time" in item:
            raise InputError("Set id, or foreign_id and time.")
        return parse_id(item["id"] if isinstance(item["id"], str) else "")
    reader = FieldReader(item)
    foreign_id, time = reader.required_foreign_id("foreign_id"), reader.required_time("time")
    reader.raise_errors()
    return id_from_pair(foreign_id, time)


def _read(name: str, value: Any, default: T) -> T:
    if value is None:
        return default
    if not isinstance(value, type(default)) or len(value) > MAX_PATHS:
        message = f"this field must be {_KINDS[type(default)]} of at most {MAX_PATHS} paths"
        raise InputError.for_fields({name: [message]})
    return value


def _path(field: str, name: Any) -> Path:
    path = tuple(name.split(".")) if isinstance(name, str) else ("",)
    if not all(path):
        raise InputError.for_fields({field: ["write each path as keys joined by dots"]})
    if path[0] in PROTECTED_FIELDS:
        raise InputError.for_fields({field: [f"{path[0]} cannot be changed"]})
    return path


def _check_distinct(paths: Sequence[Path]) -> None:
    for index, path in enumerate(paths):
        for other in paths[index + 1 :]:
            shared = min(len(path), len(other))
            if path[:shared] == other[:shared]:
                names = f"{'.'.join(path)} and {'.'.join(other)}"
                raise InputError(f"The paths {names} overlap.")


def _parent(fields: dict[str, Any], path: Path, *, create: bool) -> dict[str, Any]:
    parent: Any = fields
    for key in path[:-1]:
        parent = parent.setdefault(key, {}) if create else parent.get(key, {})
        if not isinstance(parent, dict):
            raise InputError(f"The path {'.'.join(path)} leads through a value of another type.")
    result: dict[str, Any] = parent
    return result


def _check_found(ids: Iterable[UUID], activities: Mapping[UUID, Activity]) -> None:
    for pk in ids:
        if pk not in activities:
            raise NotFoundError(f"The activity {pk} does not exist.")
