"""Print the report, and write it as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

MAX_IDS = 20
"""Maximum number of ids per line; the JSON file has all."""

Figures = Mapping[str, int | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A violated guarantee or an unexpected error."""

    what: str
    events: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.events:
            return self.what
        more = len(self.events) - MAX_IDS
        shown = ", ".join(self.events[:MAX_IDS])
        return f"{self.what} ({len(self.events)}): {shown}" + (
            f" and {more} more" if more > 0 else ""
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The results of the chaos test."""

    figures: Figures
    responses: Mapping[str, int]
    """Number of responses of the destination, by kind."""

    findings: Sequence[Finding]
    """Empty if all guarantees hold."""


def show(console: Console, report: Report) -> None:
    """Print the report."""
    for title, rows in (("Results", report.figures), ("Responses", report.responses)):
        table = Table(title=title, show_header=False)
        table.add_column()
        table.add_column(justify="right")
        for name, value in rows.items():
            table.add_row(name, str(value))
        console.print(table, highlight=False)
    for finding in report.findings:
        console.print("[red]Failed:[/]", str(finding), highlight=False, soft_wrap=True)
    if not report.findings:
        console.print(
            "[green]Every committed event had exactly one effect at each destination, in the "
            "order of commits at the ordered one; no other event had any.[/]"
        )


def write_json(report: Report, file: Path) -> None:
    """Write the report to a JSON file."""
    content = {
        "figures": dict(report.figures),
        "answers": dict(report.responses),
        "findings": [{"what": entry.what, "events": entry.events} for entry in report.findings],
    }
    file.write_text(json.dumps(content, indent=2))
