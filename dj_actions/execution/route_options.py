"""Which options of a route can be kept with a delivery."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dj_actions.redaction import redact
from dj_actions.text import is_storable

INTEGER_BITS = 63
"""Integers of more bits are not stored: some databases and decoders round them."""


def recordable_options(
    options: Mapping[str, Any], sensitive: Collection[str]
) -> Mapping[str, Any] | None:
    """Return the options of a route if a database returns exactly what it stores, otherwise None.

    Options with a sensitive name are not stored either: no record may hold their values.

    Args:
        options: the options.
        sensitive: names, in lower case, whose values no record may hold.
    """
    if not options:
        return {}
    is_kept = is_storable(options) and _is_json(options) and redact(options, sensitive) == options
    return options if is_kept else None


def _is_json(value: object) -> bool:
    """Return whether JSON has the very type of the value, and of all inside it.

    Of a tuple it would make a list, of a string enumeration a string.
    """
    kind = type(value)
    if isinstance(value, dict) and kind is dict:
        return all(type(key) is str and _is_json(entry) for key, entry in value.items())
    if isinstance(value, list) and kind is list:
        return all(map(_is_json, value))
    if isinstance(value, int) and kind is int:
        return value.bit_length() <= INTEGER_BITS
    if kind is float:
        return "e" not in repr(value)  # PostgreSQL returns 1e16 as an integer
    return value is None or kind in (str, bool)
