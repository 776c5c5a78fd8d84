"""Reduce refused input to the fields that an action declares."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dj_actions.inputs.base import InputAdapter
from dj_actions.inputs.schema_fields import field_names
from dj_actions.redaction import NAME_SEPARATORS, WIDGET_SUFFIX

UNKNOWN_FIELDS = "unknown_fields"
"""Key of the number of fields that were left out."""


def declared_names(adapter: InputAdapter) -> frozenset[str]:
    """Return the names of all fields that an input declares, at any depth."""
    return field_names(adapter.json_schema()).union(field.name for field in adapter.fields())


def known_part(value: Any, names: Collection[str]) -> Any:
    """Return plain JSON data without the fields that have none of the names, at any depth.

    A misspelt name is not recognized as sensitive, so its value could be a secret.

    Args:
        value: plain JSON data; it is not modified.
        names: the names of fields; an HTML form may send parts of them: `login.pin`, `due_0`.
    """
    if isinstance(value, (list, tuple)):
        return [known_part(entry, names) for entry in value]
    if not isinstance(value, Mapping):
        return value
    known = {
        key: known_part(entry, names) for key, entry in value.items() if _is_known(str(key), names)
    }
    unknown = len(value) - len(known)
    return {**known, UNKNOWN_FIELDS: unknown} if unknown else known


def _is_known(name: str, names: Collection[str]) -> bool:
    if name in names:
        return True
    parts = [part for part in NAME_SEPARATORS.split(name) if part]
    # The first may be the prefix of a form.
    return (
        bool(parts)
        and (parts[-1] in names or WIDGET_SUFFIX.sub("", parts[-1]) in names)
        and all(part.isidentifier() or part.isdecimal() for part in parts)
    )
