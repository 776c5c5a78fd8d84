"""Check and clean strings: what a database can store, and the nearest match for a mistyped name.

PostgreSQL stores no U+0000, no lone surrogates and no infinite numbers in JSON; see
https://www.postgresql.org/docs/current/datatype-json.html.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

UNSTORABLE_CHARACTERS = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"

MAX_NAME_LENGTH = 255
"""Characters of an id or a name that a record keeps."""

MAX_SUMMARY_LENGTH = 10_000
"""Characters of a summary that a record keeps."""

MAX_DEPTH = 100
"""Levels of nesting in stored JSON; Python's JSON encoder fails on much deeper data."""


ALWAYS_STORABLE = frozenset({bool, int, type(None)})
"""Types of JSON values that need no check: of a list of ids, each one counts."""

CONTAINERS = frozenset({dict, list})
"""Types of decoded JSON that contain other values."""


def is_storable(value: object) -> bool:
    """Return whether a JSON value can be stored: its strings, its numbers and its depth."""
    pending: list[tuple[Any, int]] = [(value, 0)]
    while pending:
        entry, depth = pending.pop()
        if not _is_storable_leaf(entry):
            return False
        contents = _contents(entry)
        if contents and depth == MAX_DEPTH:
            return False
        pending += [(inner, depth + 1) for inner in contents if type(inner) not in ALWAYS_STORABLE]
    return True


def is_obviously_storable(text: str, value: Any) -> bool:
    """Return True if a quick scan of ASCII JSON text proves that its value can be stored.

    False proves nothing: check the value with `is_storable`. Infinite numbers are not detected.

    Args:
        text: the text.
        value: the value, as the text is decoded.
    """
    if "\\u0000" in text or "\\ud" in text:
        return False
    return text.count("{") + text.count("[") <= MAX_DEPTH or _is_shallow(value)


def _is_shallow(value: Any) -> bool:
    """Return whether decoded JSON has at most `MAX_DEPTH` levels: of lists and objects only."""
    level = [value]
    for _ in range(MAX_DEPTH):
        contents = [entry.values() if type(entry) is dict else entry for entry in level]
        # By their exact types: a decoder creates no subclasses, and isinstance() takes longer.
        level = [inner for part in contents for inner in part if type(inner) in CONTAINERS]
        if not level:
            return True
    return not any(level)


def _contents(entry: object) -> Sequence[Any]:
    """Return what a JSON value contains: the names and the values of an object."""
    if isinstance(entry, (str, int)):  # before a slower test: they are the most frequent
        return ()
    if isinstance(entry, (list, tuple)):
        return entry
    return [*entry, *entry.values()] if isinstance(entry, Mapping) else ()


def _is_storable_leaf(entry: object) -> bool:
    if isinstance(entry, str):
        return not UNSTORABLE_CHARACTERS.search(entry)
    return not isinstance(entry, float) or math.isfinite(entry)


def sanitize(text: object, length: int | None = None) -> str:
    """Return the text with unstorable characters replaced, truncated to a number of characters."""
    # A lazy translation is not a `str` until it is evaluated.
    return UNSTORABLE_CHARACTERS.sub(REPLACEMENT, str(text))[:length]


def sanitize_summary(text: object) -> str:
    """Return a summary with unstorable characters replaced; one that is too long ends with `…`."""
    summary = sanitize(text)
    if len(summary) <= MAX_SUMMARY_LENGTH:
        return summary
    return f"{summary[: MAX_SUMMARY_LENGTH - 1]}…"


def nearest(word: str, known: Iterable[str], similarity: float = 0.6) -> str | None:
    """Return the known word that is most similar, whatever its case, or None.

    Args:
        word: the mistyped word.
        known: the words to choose from.
        similarity: minimum similarity, from 0 to 1; see `difflib.get_close_matches`.
    """
    by_folded = {entry.casefold(): entry for entry in known}
    matches = difflib.get_close_matches(word.casefold(), list(by_folded), 1, similarity)
    return by_folded[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean '…'?` with the nearest known word, or an empty string."""
    found = nearest(word, known)
    return f" Did you mean {found!r}?" if found else ""
