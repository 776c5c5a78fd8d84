"""manage.py dj_actions_doctor: what is wrong, and how to mend it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dj_actions.doctor import Finding, Limits, State, examine
from dj_actions.doctor.thresholds import seconds

STATE_WIDTH = max(len(state) for state in State)
NAME_WIDTH = 12


class Command(BaseCommand):
    """Writes one line per finding; the exit code says whether all is well."""

    help = (
        "Examines everything a delivery depends on, one line each, with what to do about it. "
        "Changes nothing. Exit code 0 if there is no problem, else 1."
    )
    # They are among what is examined: one that fails is a finding.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        limits = Limits()
        for name, default, what in (
            ("--max-relay-age", limits.relay, "a relay's last sign of life"),
            ("--max-waiting", limits.waiting, "the oldest pending delivery"),
            ("--max-snapshot", limits.snapshot, "a snapshot held in PostgreSQL"),
        ):
            parser.add_argument(
                name,
                type=seconds,
                default=default,
                metavar="SECONDS",
                help=f"how old may be: {what} (default: %(default)g)",
            )
        parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings too")
        parser.add_argument("--json", action="store_true", help="say it in JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine, tell, and exit with 1 if something is wrong."""
        limits = Limits(
            relay=options["max_relay_age"],
            waiting=options["max_waiting"],
            snapshot=options["max_snapshot"],
        )
        tell = self._tell_in_json if options["json"] else self._tell
        states = tell(examine(limits))
        bad = {State.PROBLEM, State.WARNING} if options["strict"] else {State.PROBLEM}
        if states & bad:
            sys.exit(1)

    def _tell(self, findings: Iterable[Finding]) -> set[State]:
        """Write each finding when it is known; return the states there were."""
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

    def _tell_in_json(self, findings: Iterable[Finding]) -> set[State]:
        known = list(findings)
        states = {finding.state for finding in known}
        document = {
            "healthy": State.PROBLEM not in states,
            "findings": [asdict(finding) for finding in known],
        }
        self.stdout.write(json.dumps(document, indent=2))
        return states
