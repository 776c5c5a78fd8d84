"""Print a report as tables, and write it as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of text; the first column labels the rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The results of one benchmark."""

    benchmark: str
    tables: Sequence[Table]
    notes: Sequence[str] = ()
    """Sentences below the tables."""

    figures: Mapping[str, Any] = field(default_factory=dict)
    """Content of the JSON file, in addition to the environment."""


def print_report(console: Console, report: Report) -> None:
    """Print the tables and notes."""
    for table in report.tables:
        shown = RichTable(title=table.title)
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="right" if number else "left", overflow="fold")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)
    for note in report.notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)


def print_environment(console: Console, environment: Mapping[str, str]) -> None:
    """Print what the results depend on."""
    text = "; ".join(f"{name} {value}" for name, value in environment.items())
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def write_json(report: Report, environment: Mapping[str, str], folder: Path) -> Path:
    """Write the results to a new file and return its path."""
    now = datetime.now(tz=UTC)
    content = {
        "question": report.benchmark,
        "measured_at": now.isoformat(timespec="seconds"),
        "surroundings": environment,
        **report.figures,
    }
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{report.benchmark}-{now:%Y%m%dT%H%M%SZ}.json"
    target.write_text(json.dumps(content, indent=2) + "\n")
    return target
