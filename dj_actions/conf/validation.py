"""Validate raw values of a setting; an error message gives the key and what it expects."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any, TypeVar

from django.utils.module_loading import import_string

from dj_actions.exceptions import InvalidSetting
from dj_actions.text import did_you_mean, is_storable

MIN_SECRET_LENGTH = 16
"""Characters of the shortest secret that is accepted."""

_Choice = TypeVar("_Choice", bound=StrEnum)


def known_values(
    kind: type[Any], raw: Mapping[str, Any], what: str, *, case: Callable[[str], str] = str.upper
) -> dict[str, Any]:
    """Return the values of a setting by the field names of its dataclass.

    Args:
        kind: the dataclass.
        raw: the setting as written.
        what: describes a key in the error message, for example `DJ_ACTIONS setting`.
        case: turns a field name into the key of the setting.

    Raises:
        InvalidSetting: a key is unknown.
    """
    known = {case(entry.name): entry.name for entry in fields(kind)}
    for key in raw:
        if key not in known:
            raise InvalidSetting(f"Unknown {what} {key!r}.{did_you_mean(key, known)}")
    return {known[key]: value for key, value in raw.items()}


def mapping(value: object, where: str) -> Mapping[str, Any]:
    """Return the value if it is a mapping with strings as keys, otherwise raise InvalidSetting."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidSetting(f"{where} must be a dict with strings as keys, not {kind_of(value)}.")
    return value


def lowercase_names(value: object, where: str) -> tuple[str, ...]:
    """Return a list of names in lower case; raise InvalidSetting for any other value."""
    if isinstance(value, (list, tuple, set, frozenset)) and all(
        isinstance(entry, str) for entry in value
    ):
        return tuple(entry.lower() for entry in value)
    raise InvalidSetting(f"{where} must be a list of names, not {kind_of(value)}.")


def function(value: object, where: str) -> Callable[..., Any]:
    """Return a function that is given itself, or by its dotted path.

    Raises:
        InvalidSetting: it cannot be imported, or is not a function.
    """
    try:
        found = import_string(value) if isinstance(value, str) else value
    except ImportError as error:
        raise InvalidSetting(f"{where} cannot be imported: {error}") from error
    if not callable(found):
        raise InvalidSetting(f"{where} is {value!r}; expected a function or its dotted path.")
    result: Callable[..., Any] = found
    return result


def choice(kind: type[_Choice], value: object, where: str) -> _Choice:
    """Return the member of the enumeration with this value, otherwise raise InvalidSetting."""
    try:
        return kind(str(value))
    except ValueError:
        known = ", ".join(repr(entry.value) for entry in kind)
        raise InvalidSetting(f"{where} must be one of {known}, not {value!r}.") from None


def secrets(value: object, where: str) -> tuple[str, ...]:
    """Return one secret or several, of which each is valid while one replaces another.

    Raises:
        InvalidSetting: one is too short to be a secret, or not a string.
    """
    entries = () if value in ("", None) else (value,) if isinstance(value, str) else value
    if isinstance(entries, (list, tuple)) and all(map(_is_secret, entries)):
        return tuple(entries)
    raise InvalidSetting(
        f"{where} must be a string of at least {MIN_SECRET_LENGTH} characters, for example of "
        "`secrets.token_urlsafe(32)`, or a list of them."
    )


def _is_secret(value: object) -> bool:
    return isinstance(value, str) and len(value) >= MIN_SECRET_LENGTH


def require_boolean(value: object, where: str) -> None:
    """Raise InvalidSetting unless the value is True or False."""
    if not isinstance(value, bool):
        raise InvalidSetting(f"{where} must be True or False, not {value!r}.")


def require_text(value: object, where: str, *, maximum: int) -> None:
    """Raise InvalidSetting unless the value is storable text, at most so many characters long."""
    if not isinstance(value, str) or len(value) > maximum or not is_storable(value):
        raise InvalidSetting(
            f"{where} must be text of at most {maximum} characters, not {value!r:.100}."
        )


def require_positive(value: object, where: str, *, maximum: float = math.inf) -> None:
    """Raise InvalidSetting unless the value is a number above zero, and at most the maximum."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise InvalidSetting(f"{where} must be a number above zero, not {value!r}.")
    if value > maximum:
        raise InvalidSetting(f"{where} must be at most {maximum:,}, not {value!r}.")


def require_count(value: object, where: str, *, maximum: int) -> None:
    """Raise InvalidSetting unless the value is an integer from 1 to the maximum."""
    if not isinstance(value, int):
        raise InvalidSetting(f"{where} must be an integer, not {value!r}.")
    require_positive(value, where, maximum=maximum)


def kind_of(value: object) -> str:
    """Describe a wrong value without showing it: it may hold secrets."""
    if isinstance(value, Mapping):
        return "a dict with other keys"
    return f"a value of type {type(value).__name__}"
