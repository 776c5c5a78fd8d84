"""The values of a submitted HTML form as the JSON that an API client would send."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import QueryDict

from dj_actions.inputs.raw_body import body_as_dict

CONVERSIONS: Mapping[str, Callable[[str], Any]] = {
    "boolean": lambda text: text.lower() in {"on", "true", "1", "yes"},
    "integer": int,
    "number": float,
}
"""Type of a JSON Schema → conversion of the text that a browser sends."""


def json_of_form(raw: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return submitted values with the types of a schema.

    Args:
        raw: the values; JSON that was entered is returned as it is.
        schema: the JSON Schema of the input. Text that it does not fit stays text, and an optional
            field that is empty is left out, as for a browser it was not filled in.
    """
    if not isinstance(raw, QueryDict):
        return dict(raw)
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    lists = {name for name, entry in properties.items() if "array" in _types(entry)}
    required = set(schema.get("required", ()))
    return {
        name: _converted(value, properties.get(name, {}))
        for name, value in body_as_dict(raw, lists).items()
        if value != "" or name in required
    }


def _converted(value: Any, entry: Mapping[str, Any]) -> Any:
    if not isinstance(value, str):
        return value
    for kind in _types(entry):
        if kind in CONVERSIONS:
            try:
                return CONVERSIONS[kind](value)
            except ValueError:
                return value
    return value


def _types(entry: Mapping[str, Any]) -> tuple[str, ...]:
    found = entry.get("type", ())
    return (found,) if isinstance(found, str) else tuple(found)
