"""Print the results of the demo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from example.demo.scenario import Event, Findings

COLUMNS = ("action", "objects", "publisher", "result", "state", "DAG run", "attempts",
           "request → delivered", "request → run ended")  # fmt: skip


def print_report(console: Console, events: Sequence[Event], findings: Findings) -> None:
    """Print the table of deliveries, what has led to what, then each expectation."""
    table = Table(title="Deliveries of each action")
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for event in events:
        for delivery in event["deliveries"]:
            table.add_row(*_cells(event, delivery))
        table.add_section()
    console.print(table)
    for line in chains(events):
        console.print(f"The way back: {line}", highlight=False, soft_wrap=True, markup=False)
    for line in findings.met:
        console.print(f"  [green]ok[/]  {line}", highlight=False, soft_wrap=True)
    for line in findings.missed:
        console.print(f"  [red]NOT[/] {line}", highlight=False, soft_wrap=True)
    total = len(findings.met) + len(findings.missed)
    console.print(f"{len(findings.met)} of {total} expectations were met.")


def chains(events: Sequence[Event]) -> list[str]:
    """Return a line for each action that the run of another one has called: the whole way."""
    by_id = {event["id"]: event for event in events}
    return [
        " → ".join((_act(cause), _arrival(cause), _act(event), _arrival(event)))
        for event in events
        if (cause := by_id.get(event["parent"]))
    ]


def _act(event: Event) -> str:
    actor = event["actor"]["label"] if event["actor"] else "the system"
    return f"{actor} ran {event['action']} on {event['resource']} {', '.join(event['object_ids'])}"


def _arrival(event: Event) -> str:
    """Return the DAG of which a run was started; without one, the publishers that delivered."""
    delivered = [row for row in event["deliveries"] if row["state"] == "delivered"]
    dags = [row["receipt_scope"] for row in delivered if row["remote_state"] != "untracked"]
    if dags:
        return f"run of {', '.join(dags)}"
    return ", ".join(sorted(row["publisher"] for row in delivered)) or "nowhere"


def _cells(event: Event, delivery: dict[str, Any]) -> tuple[str, ...]:
    remote = delivery["remote_state"]
    return (
        event["action"],
        ", ".join(event["object_ids"]),
        delivery["publisher"],
        delivery["receipt_id"] or (delivery["errors"] or [{}])[-1].get("message", ""),
        delivery["state"],
        "-" if remote == "untracked" else f"{remote} ({delivery['receipt_scope']})",
        str(delivery["attempts"]),
        _seconds(event["created_at"], delivery["settled_at"]),
        _seconds(event["created_at"], delivery["remote_ended_at"]),
    )


def _seconds(start: str, end: str | None) -> str:
    if end is None:
        return "-"
    return f"{(datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds():.2f} s"
