"""What a database can keep: no U+0000, no lone surrogates, no infinite numbers.

See https://www.postgresql.org/docs/current/datatype-json.html.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"

MAX_NAME_LENGTH = 255
"""Characters of an id or a name that a record keeps."""

MAX_DEPTH = 100
"""Levels of nesting: deeper, and Python's JSON gives up somewhere on the way."""


def is_storable(value: object) -> bool:
    """Tell whether a JSON value can be stored: its text, its numbers and its depth."""
    unseen: list[tuple[Any, int]] = [(value, 0)]
    while unseen:
        entry, depth = unseen.pop()
        if isinstance(entry, Mapping):
            unseen += ((inner, depth + 1) for pair in entry.items() for inner in pair)
        elif isinstance(entry, (list, tuple)):
            unseen += ((inner, depth + 1) for inner in entry)
        if depth > MAX_DEPTH or not _is_storable_leaf(entry):
            return False
    return True


def is_surely_storable(text: str) -> bool:
    """Tell by a look at JSON text, in ASCII, that its value can be stored; most can.

    False says nothing: the value itself has to be looked at. Infinite numbers are not looked for.
    """
    is_shallow = text.count("{") + text.count("[") <= MAX_DEPTH
    return is_shallow and "\\u0000" not in text and "\\ud" not in text


def _is_storable_leaf(entry: object) -> bool:
    if isinstance(entry, str):
        return not UNSTORABLE.search(entry)
    return not isinstance(entry, float) or math.isfinite(entry)


def sanitize(text: object, length: int | None = None) -> str:
    """Return the text with what cannot be stored replaced, cut to a number of characters."""
    # A translation that is looked up when it is read is no `str` yet.
    return UNSTORABLE.sub(REPLACEMENT, str(text))[:length]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean '…'?` for the nearest known word, or an empty string."""
    by_folded = {entry.casefold(): entry for entry in known}
    matches = difflib.get_close_matches(word.casefold(), list(by_folded), n=1)
    return f" Did you mean {by_folded[matches[0]]!r}?" if matches else ""
