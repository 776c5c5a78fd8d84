"""Show how it went: lines for people, a JSON file for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

MOST_SHOWN = 20
"""Ids that a line names; the JSON file has all."""

Figures = Mapping[str, int | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that should not be."""

    what: str
    events: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.events:
            return self.what
        more = len(self.events) - MOST_SHOWN
        shown = ", ".join(self.events[:MOST_SHOWN])
        return f"{self.what} ({len(self.events)}): {shown}" + (
            f" and {more} more" if more > 0 else ""
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How it went."""

    figures: Figures
    answers: Mapping[str, int]
    """How often the destination gave each answer."""

    findings: Sequence[Finding]
    """What should not be; empty if all is well."""


def show(console: Console, report: Report) -> None:
    """Print it."""
    for title, rows in (("The account", report.figures), ("The answers", report.answers)):
        table = Table(title=title, show_header=False)
        table.add_column()
        table.add_column(justify="right")
        for name, value in rows.items():
            table.add_row(name, str(value))
        console.print(table, highlight=False)
    for finding in report.findings:
        console.print("[red]Wrong:[/]", str(finding), highlight=False, soft_wrap=True)
    if not report.findings:
        console.print("[green]Every committed event had one effect, no other had any.[/]")


def write_json(report: Report, file: Path) -> None:
    """Write it to a file."""
    content = {
        "figures": dict(report.figures),
        "answers": dict(report.answers),
        "findings": [{"what": entry.what, "events": entry.events} for entry in report.findings],
    }
    file.write_text(json.dumps(content, indent=2))
