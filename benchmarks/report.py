"""Show an answer: tables for people, a JSON file for whoever wants to compare."""

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
    """Some rows of text; the first column is what a row is about."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The answer to one question."""

    question: str
    tables: Sequence[Table]
    notes: Sequence[str] = ()
    """Sentences below the tables."""

    figures: Mapping[str, Any] = field(default_factory=dict)
    """What goes into the JSON file, next to the facts about the surroundings."""


def print_report(console: Console, report: Report) -> None:
    """Print tables and notes."""
    for table in report.tables:
        shown = RichTable(title=table.title)
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="right" if number else "left", overflow="fold")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)
    for note in report.notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)


def print_facts(console: Console, facts: Mapping[str, str]) -> None:
    """Print what the figures depend on."""
    text = "; ".join(f"{name} {value}" for name, value in facts.items())
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def write_json(report: Report, surroundings: Mapping[str, str], folder: Path) -> Path:
    """Write the figures to a new file and return its path."""
    moment = datetime.now(tz=UTC)
    content = {
        "question": report.question,
        "measured_at": moment.isoformat(timespec="seconds"),
        "surroundings": surroundings,
        **report.figures,
    }
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{report.question}-{moment:%Y%m%dT%H%M%SZ}.json"
    target.write_text(json.dumps(content, indent=2) + "\n")
    return target
