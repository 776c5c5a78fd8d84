"""Keep secrets out of what is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

REDACTED = "[redacted]"
"""Stands where a sensitive value was."""

PARTS = re.compile(r"[.\[\]/-]+")
"""What stands between the parts of a name: `login.pin`, `cards[0]pin`, `prefix-pin`, `#/pin`."""

NUMBERED = re.compile(r"_\d+$")
"""What a widget with several inputs adds to a name."""

SHORTEST = 3
"""Characters that a value must have to be looked for in a text: shorter ones are anywhere."""

PROBLEM = frozenset({"pointer", "detail"})
"""Keys of one error in problem details."""


def redact(value: Any, names: Collection[str]) -> Any:
    """Return plain JSON data with the values of sensitive fields replaced, at any depth.

    Args:
        value: plain JSON data; it stays as it is.
        names: names of the fields, in lower case; the case of the data does not matter.
    """
    if not names:
        return value
    if isinstance(value, Mapping):
        if value.keys() >= PROBLEM and is_sensitive(str(value["pointer"]), names):
            return {**value, "detail": REDACTED}
        return {
            key: REDACTED if is_sensitive(str(key), names) else redact(entry, names)
            for key, entry in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact(entry, names) for entry in value]
    return _redacted_text(value, names) if isinstance(value, str) else value


def is_sensitive(name: str, names: Collection[str]) -> bool:
    """Tell whether a name, or a part of it, is one of the sensitive ones."""
    lower = name.lower()
    if lower in names:
        return True
    parts = PARTS.split(lower)
    return any(part in names or NUMBERED.sub("", part) in names for part in parts)


def sensitive_values(value: Any, names: Collection[str]) -> set[str]:
    """Return the sensitive values in data that were sent, as texts."""
    return {text for text in _secrets(value, names) if len(text) >= SHORTEST}


def remove_secrets(value: Any, secrets: Collection[str]) -> Any:
    """Return plain JSON data in whose texts no secret occurs."""
    if isinstance(value, Mapping):
        return {key: remove_secrets(entry, secrets) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [remove_secrets(entry, secrets) for entry in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, REDACTED)
    return value


def _redacted_text(text: str, names: Collection[str]) -> str:
    """Redact JSON inside a text, as a form's JSON field brings it."""
    if text.lstrip()[:1] not in {"{", "["}:
        return text
    try:
        inner = json.loads(text)
        kept = redact(inner, names)
    except (ValueError, RecursionError):
        # It may be nearly JSON.
        return REDACTED if any(name in text.lower() for name in names) else text
    return text if kept == inner else json.dumps(kept)


def _secrets(value: Any, names: Collection[str], *, inside: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _secrets(entry, names, inside=inside or is_sensitive(str(key), names))
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _secrets(entry, names, inside=inside)
    elif inside and value is not None and not isinstance(value, bool):
        yield str(value)


TOO_LARGE = "too_large_to_store"
"""Key of what is stored in place of too much; its value is the size in bytes."""


def prepare_for_storage(plain: Any, *, sensitive: Collection[str], limit: int) -> Any:
    """Return what may be stored of plain JSON data: no secrets, and not too much.

    Args:
        plain: plain JSON data; it stays as it is.
        sensitive: names of fields, in lower case, whose values are replaced.
        limit: bytes of JSON text; of more, only the size is kept.
    """
    if not plain:
        return plain
    kept = redact(plain, sensitive)
    size = len(json.dumps(kept, ensure_ascii=False).encode())
    return {TOO_LARGE: size} if size > limit else kept
