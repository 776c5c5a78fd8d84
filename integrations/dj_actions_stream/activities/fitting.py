"""Shorten an activity until it fits, and mark what was shortened."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from dj_actions_stream.activities.sizes import MAX_ACTIVITY_BYTES, json_bytes

TRUNCATED = "truncated"
"""Field of an activity that lists the paths of the values that were shortened."""

ELLIPSIS = "…"
"""End of a string that was shortened."""

IDENTITY = frozenset({"actor", "foreign_id", "object", "target", "time", "to", "verb", TRUNCATED})
"""Fields that are never shortened. Targets have a limit of their own."""


def fit(activity: Mapping[str, Any], limit: int = MAX_ACTIVITY_BYTES) -> dict[str, Any]:
    """Return an activity that has at most `limit` bytes without its targets.

    The largest values are shortened first: a string ends with an ellipsis then, a list or an object
    has its first entries. `truncated` lists their paths, for example `["summary", "data.note"]`.
    """
    fitted = dict(activity)
    counted = {name: value for name, value in fitted.items() if name != "to"}
    while (excess := json_bytes(counted) - limit) > 0:
        path = _largest_path(counted)
        if path is None:
            break
        marks = sorted({*counted.get(TRUNCATED, ()), ".".join(path)})
        growth = json_bytes(marks) - json_bytes(counted.get(TRUNCATED, [])) + len(f'"{TRUNCATED}":')
        counted = _replace(counted, path, excess + growth) | {TRUNCATED: marks}
    return counted | ({"to": fitted["to"]} if "to" in fitted else {})


def shorten(text: str, max_bytes: int) -> str:
    """Return a string that has at most `max_bytes` bytes as UTF-8, with a mark if it was longer."""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    kept = encoded[: max(0, max_bytes - len(ELLIPSIS.encode()))].decode(errors="ignore")
    return kept + ELLIPSIS


def _largest_path(activity: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the path of the value that takes the most space, or None if all are minimal.

    Inside a list or an object, it is an entry if that takes more than half of it.
    """
    fields = {name: value for name, value in activity.items() if name not in IDENTITY}
    path: tuple[str, ...] = ()
    value: Any = fields
    while isinstance(value, Mapping | list) and value:
        entries = value.items() if isinstance(value, Mapping) else enumerate(value)
        key, largest = max(entries, key=lambda entry: json_bytes(entry[1]))
        if path and json_bytes(largest) * 2 < json_bytes(value):
            return path
        path, value = (*path, str(key)), largest
    return path if isinstance(value, str) and len(value) > len(ELLIPSIS) else path[:-1] or None


def _replace(value: Any, path: tuple[str, ...], excess: int) -> Any:
    """Return a value whose part at the path is shorter by `excess` bytes, or by half of it."""
    if not path:
        return _shortened(value, excess)
    key, *rest = path
    if isinstance(value, list):
        index = int(key)
        return [*value[:index], _replace(value[index], tuple(rest), excess), *value[index + 1 :]]
    return {**value, key: _replace(value[key], tuple(rest), excess)}


def _shortened(value: Any, excess: int) -> Any:
    if isinstance(value, str):
        size = len(value.encode())
        return shorten(value, max(size // 2, size - excess - len(ELLIPSIS.encode())))
    kept = _entries_to_keep(value, excess)
    if isinstance(value, Mapping):
        return dict(islice(value.items(), kept))
    return value[:kept]


def _entries_to_keep(value: Any, excess: int) -> int:
    """Return how many of the entries fit, at least half of them, and not all."""
    size = max(1, json_bytes(value))
    kept = int(len(value) * (size - excess) / size)
    return min(len(value) - 1, max(len(value) // 2, kept))
