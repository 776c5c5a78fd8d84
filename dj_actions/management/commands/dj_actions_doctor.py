"""manage.py dj_actions_doctor: find problems, and suggest how to fix them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from dj_actions.cli.arguments import seconds
from dj_actions.cli.command import TextCommand
from dj_actions.doctor import Finding, State, Thresholds, examine

STATE_WIDTH = max(len(state) for state in State)
NAME_WIDTH = 12


class Command(TextCommand):
    """Writes one line per finding; the exit code is 1 if there is a problem."""

    help = (
        "Checks everything that a delivery depends on, and writes one line per finding with a "
        "suggested fix. Changes nothing. Exits with 1 if there is a problem."
    )
    # The doctor runs them itself: a failing check is a finding.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        thresholds = Thresholds()
        for name, default, what in (
            ("--max-relay-age", thresholds.relay, "a relay's latest heartbeat"),
            ("--max-waiting", thresholds.waiting, "the oldest pending delivery"),
            ("--max-snapshot", thresholds.snapshot, "a snapshot held in PostgreSQL"),
        ):
            parser.add_argument(
                name,
                type=seconds,
                default=default,
                metavar="SECONDS",
                help=f"maximum age of {what} (default: %(default)g)",
            )
        parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings, too")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks, write their findings, and exit with 1 if there is a problem."""
        thresholds = Thresholds(
            relay=options["max_relay_age"],
            waiting=options["max_waiting"],
            snapshot=options["max_snapshot"],
        )
        write = self._write_json if options["json"] else self._write_lines
        states = write(examine(thresholds))
        bad = {State.PROBLEM, State.WARNING} if options["strict"] else {State.PROBLEM}
        if states & bad:
            sys.exit(1)

    def _write_lines(self, findings: Iterable[Finding]) -> set[State]:
        """Write each finding as soon as it is found; return the states of the findings."""
        styles = {
            State.OK: self.style.SUCCESS,
            State.WARNING: self.style.WARNING,
            State.PROBLEM: self.style.ERROR,
        }
        states = set()
        for finding in findings:
            states.add(finding.state)
            state = styles[finding.state](f"{finding.state:{STATE_WIDTH}}")
            fix = f" Fix: {finding.fix}" if finding.fix else ""
            self.stdout.write(f"{state}  {finding.check:{NAME_WIDTH}}  {finding.message}{fix}")
        return states

    def _write_json(self, findings: Iterable[Finding]) -> set[State]:
        collected = list(findings)
        states = {finding.state for finding in collected}
        document = {
            "healthy": State.PROBLEM not in states,
            "findings": [asdict(finding) for finding in collected],
        }
        self.stdout.write(json.dumps(document, indent=2))
        return states
