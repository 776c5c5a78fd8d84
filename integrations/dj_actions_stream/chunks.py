"""Split a sequence for calls that accept a limited number of entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

_Entry = TypeVar("_Entry")


def chunks(entries: Sequence[_Entry], size: int) -> Iterator[Sequence[_Entry]]:
    """Yield the entries in order, at most `size` at a time."""
    for start in range(0, len(entries), size):
        yield entries[start : start + size]
