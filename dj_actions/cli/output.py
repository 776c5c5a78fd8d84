"""The answer of a command, and how values are shown in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dj_actions.exceptions import error_message

MAX_CELL_LENGTH = 70
"""Characters of a table cell; longer text ends in an ellipsis."""

COLUMN_GAP = "  "

UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer of a command."""

    text: str
    """For the terminal."""

    data: Any
    """The same as plain data, for `--json`."""

    notes: tuple[str, ...] = ()
    """Further remarks, written to stderr."""

    failure: str = ""
    """Why nothing was found or changed; empty on success."""


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a plain text table with numbers aligned to the right."""
    cells = [[cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    is_number = [
        bool(rows) and all(isinstance(row[column], (int, type(None))) for row in rows)
        for column in range(len(headings))
    ]
    lines = [
        COLUMN_GAP.join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in [list(headings), *cells]
    ]
    return "\n".join(lines)


def cell(value: object) -> str:
    """Return a value as one short line."""
    text = one_line(display(value))
    return text if len(text) <= MAX_CELL_LENGTH else f"{text[: MAX_CELL_LENGTH - 1]}…"


def display(value: object) -> str:
    """Return a value as text for the terminal."""
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def one_line(text: str) -> str:
    """Return text without line breaks and without control sequences for the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def error_line(error: BaseException) -> str:
    """Return the message of an error in one line, or the name of its class if it has none."""
    return one_line(" ".join(error_message(error).split())) or type(error).__name__


def count_of(number: int, one: str, many: str) -> str:
    """Return a number and what it counts, for example `1 relay` or `2 relays`."""
    return f"{number} {one if number == 1 else many}"


def deliveries(number: int) -> str:
    """Return a number of deliveries, for example `1 delivery` or `2 deliveries`."""
    return count_of(number, "delivery", "deliveries")


def duration(seconds: float | None) -> str:
    """Return a duration in the largest unit of which it has two or more, for example `3.2 h`."""
    if seconds is None:
        return "-"
    for length, unit in UNITS:
        if seconds >= 2 * length:
            return f"{_rounded(seconds / length)} {unit}"
    return f"{_rounded(seconds)} s"


def latency(seconds: float | None) -> str:
    """Return a short duration: in milliseconds below a second, for example `31 ms`."""
    if seconds is None or seconds >= 1:
        return duration(seconds)
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{_rounded(milliseconds)} ms"  # noqa: PLR2004 - two digits


def _rounded(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
