"""What an operation answers, and how it is shown to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LONGEST_CELL = 70
"""Characters of a table's cell; a longer text ends in an ellipsis."""

GAP = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an operation has to tell."""

    text: str
    """For people."""

    data: Any
    """The same as plain data, for programs."""

    notes: tuple[str, ...] = ()
    """What people should know beside it."""

    failure: str = ""
    """Why nothing was found, or nothing changed."""


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a plain table; numbers stand to the right."""
    cells = [[cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    is_number = [
        bool(rows) and all(isinstance(row[place], (int, type(None))) for row in rows)
        for place in range(len(headings))
    ]
    lines = [
        GAP.join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in [list(headings), *cells]
    ]
    return "\n".join(lines)


def cell(value: object) -> str:
    """Return a value as one short line."""
    text = plain_line(shown(value))
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def shown(value: object) -> str:
    """Return a value the way people read it."""
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def plain_line(text: str) -> str:
    """Return a text without what would move, colour or clear a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def number_of(count: int, one: str = "delivery", many: str = "deliveries") -> str:
    """Return `1 delivery`, `2 deliveries`."""
    return f"{count} {one if count == 1 else many}"


def duration(seconds: float | None) -> str:
    """Return a length of time in its largest unit, for example `3.2 h`."""
    if seconds is None:
        return "-"
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"
