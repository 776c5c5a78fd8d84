"""Keep secrets out of what is stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

REDACTED = "[redacted]"
"""Stands where a sensitive value was."""


def redacted(value: Any, names: Collection[str]) -> Any:
    """Return plain JSON data with the values of sensitive fields replaced, at any depth.

    Args:
        value: plain JSON data; it stays as it is.
        names: names of the fields, in lower case; the case of the data does not matter.
    """
    if not names:
        return value
    if isinstance(value, Mapping):
        return {
            key: REDACTED if str(key).lower() in names else redacted(entry, names)
            for key, entry in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redacted(entry, names) for entry in value]
    return value
