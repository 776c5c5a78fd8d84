"""Redact sensitive values from data before it is stored or shown."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeGuard

REDACTED = "[redacted]"
"""Replaces a sensitive value."""

TOO_LARGE = "too_large_to_store"
"""Key of the object stored in place of data that is too large; its value is the size in bytes."""

NAME_SEPARATORS = re.compile(r"[.\[\]/-]+")
"""Separators between the parts of a name: `login.pin`, `cards[0]pin`, `prefix-pin`, `#/pin`."""

WIDGET_SUFFIX = re.compile(r"_\d+$")
"""Suffix that a widget with several inputs adds to a name: `pin_0`."""

MIN_SECRET_LENGTH = 3
"""Characters of the shortest value searched for in strings: shorter ones match anywhere."""

MAX_SECRETS = 50
"""Values that are searched for in strings."""

PROBLEM_KEYS = frozenset({"pointer", "detail"})
"""Keys of one error in problem details."""


def prepare_for_storage(plain: Any, *, sensitive: Collection[str], limit: int) -> Any:
    """Return plain JSON data as it may be stored: redacted, and replaced if it is too large.

    Args:
        plain: plain JSON data; it is not modified.
        sensitive: names of fields, in lower case, whose values are redacted.
        limit: bytes of JSON text; of larger data, only the size is kept.
    """
    if not plain:
        return plain
    return or_size(redact(plain, sensitive), limit)


def or_size(plain: Any, limit: int) -> Any:
    """Return plain JSON data, or only its size if it is too large to store.

    Args:
        plain: the data.
        limit: bytes of JSON text.
    """
    size = len(json.dumps(plain, ensure_ascii=False).encode())
    return {TOO_LARGE: size} if size > limit else plain


def is_only_size(stored: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a value is what `or_size` returns for data that is too large."""
    return isinstance(stored, dict) and len(stored) == 1 and TOO_LARGE in stored


def redact(value: Any, names: Collection[str]) -> Any:
    """Return plain JSON data with the values of sensitive fields replaced, at any depth.

    Args:
        value: plain JSON data; it is not modified.
        names: names of the fields, in lower case; the case of the data does not matter.
    """
    if not names:
        return value
    if isinstance(value, Mapping):
        if value.keys() >= PROBLEM_KEYS and is_sensitive(str(value["pointer"]), names):
            return {**value, "detail": REDACTED}
        return {
            key: REDACTED if is_sensitive(str(key), names) else redact(entry, names)
            for key, entry in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact(entry, names) for entry in value]
    return _redact_json_text(value, names) if isinstance(value, str) else value


SECRET_NAMES = (r"passw\w*", "pwd", "secret", "token", "api_?key", "authorization", "credentials?")
"""Patterns of names that precede a secret in a log, whatever the project calls sensitive."""


def seems_secret(name: str) -> bool:
    """Return whether a name seems to be that of a secret, whatever the project calls sensitive."""
    return re.search("|".join(SECRET_NAMES), name, re.IGNORECASE) is not None


def redact_line(line: str, names: Collection[str]) -> str:
    """Return a line of text, for example of a log, without the secrets that it seems to contain.

    It is what follows a sensitive name: `pin=1234`, `"password": "x"`.

    Args:
        line: the line; a short one, as the search takes time.
        names: names of the fields that are sensitive, in lower case.
    """
    return _named_values(frozenset(names)).sub(rf"\g<name>{REDACTED}", line)


@functools.lru_cache(maxsize=8)
def _named_values(names: frozenset[str]) -> re.Pattern[str]:
    wanted = "|".join([*SECRET_NAMES, *map(re.escape, sorted(names))])
    value = r"""(?:"[^"]*"?|'[^']*'?|(?:(?:Basic|Bearer)\s+)?[^\s,;&)}\]]+)"""
    name = rf"""(?P<name>(?<![\w.-])["']?[\w.-]*(?:{wanted})["']?\s*[:=]\s*)"""
    return re.compile(name + value, re.IGNORECASE)


def is_sensitive(name: str, names: Collection[str]) -> bool:
    """Return whether a name, or a part of it, is one of the sensitive names."""
    lower = name.lower()
    if lower in names:
        return True
    parts = NAME_SEPARATORS.split(lower)
    return any(part in names or WIDGET_SUFFIX.sub("", part) in names for part in parts)


def sensitive_values(value: Any, names: Collection[str]) -> set[str]:
    """Return the values of sensitive fields in submitted data, as strings that may be repeated."""
    found = _iterate_sensitive_values(value, names)
    spellings = (spelling for text in found for spelling in _spellings(text))
    return {text for text in spellings if len(text) >= MIN_SECRET_LENGTH}


def remove_secrets(value: Any, secrets: Collection[str]) -> Any:
    """Return plain JSON data with each occurrence of a secret in a string replaced.

    Of many secrets, which a client could send to keep the server searching, none is searched for:
    all strings are replaced.
    """
    if not secrets:
        return value
    if len(secrets) > MAX_SECRETS:
        return _with_strings(value, lambda _text: REDACTED)
    # The longest first: one may contain another.
    longest_first = sorted(secrets, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return _with_strings(value, lambda text: pattern.sub(REDACTED, text))


def _with_strings(value: Any, change: Callable[[str], str]) -> Any:
    """Return plain JSON data with each string, except names, changed."""
    if isinstance(value, Mapping):
        return {key: _with_strings(entry, change) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_strings(entry, change) for entry in value]
    return change(value) if isinstance(value, str) else value


def _redact_json_text(text: str, names: Collection[str]) -> str:
    """Redact JSON inside a string, such as the value of a form's JSON field."""
    if text.lstrip()[:1] not in {"{", "["}:
        return text
    try:
        inner = json.loads(text)
        kept = redact(inner, names)
    except (ValueError, RecursionError):
        # Malformed JSON may still contain a sensitive value.
        return REDACTED if any(name in text.lower() for name in names) else text
    return text if kept == inner else json.dumps(kept)


def _iterate_sensitive_values(
    value: Any, names: Collection[str], *, inside: bool = False
) -> Iterator[str]:
    """Yield the values of sensitive fields.

    Args:
        value: plain JSON data.
        names: names of the fields, in lower case.
        inside: whether the value itself belongs to a sensitive field.
    """
    if isinstance(value, Mapping):
        for key, entry in value.items():
            is_inside = inside or is_sensitive(str(key), names)
            yield from _iterate_sensitive_values(entry, names, inside=is_inside)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _iterate_sensitive_values(entry, names, inside=inside)
    elif inside and value is not None and not isinstance(value, bool):
        yield str(value)
    if isinstance(value, str):
        yield from _sensitive_values_of_json_text(value, names, inside=inside)


def _sensitive_values_of_json_text(text: str, names: Collection[str], *, inside: bool) -> set[str]:
    """Return the values of sensitive fields in JSON inside a string, as it is redacted."""
    if text.lstrip()[:1] not in {"{", "["}:
        return set()
    try:
        return set(_iterate_sensitive_values(json.loads(text), names, inside=inside))
    except (ValueError, RecursionError):
        return {text} if any(name in text.lower() for name in names) else set()


def _spellings(text: str) -> Iterator[str]:
    """Yield a value as an error may spell it: as it is, trimmed, inside a list or an object."""
    yield text
    yield text.strip()
    for spelled in (repr(text), json.dumps(text), json.dumps(text, ensure_ascii=False)):
        yield spelled[1:-1]
