"""Text that a database can keep: PostgreSQL refuses U+0000, and UTF-8 has no lone surrogates.

See https://www.postgresql.org/docs/current/datatype-json.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def is_storable(value: object) -> bool:
    """Tell whether all text in a JSON value, keys included, can be stored; of any depth."""
    unseen: list[Any] = [value]
    while unseen:
        entry = unseen.pop()
        if isinstance(entry, str):
            if UNSTORABLE.search(entry):
                return False
        elif isinstance(entry, Mapping):
            unseen += [*entry.keys(), *entry.values()]
        elif isinstance(entry, (list, tuple)):
            unseen += entry
    return True


def cleaned(text: str, length: int) -> str:
    """Return the text with what cannot be stored replaced, cut to a number of characters."""
    return UNSTORABLE.sub(REPLACEMENT, text)[:length]
