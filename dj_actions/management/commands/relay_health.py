"""manage.py relay_health: check that a relay is alive."""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from dj_actions.cli.arguments import seconds
from dj_actions.cli.command import TextCommand
from dj_actions.doctor.liveness import liveness
from dj_actions.doctor.thresholds import Thresholds


class Command(TextCommand):
    """Prints in one line whether a relay is alive; so does the exit code."""

    help = (
        "Checks whether a relay on this host is alive: exit code 0 if its last heartbeat is "
        "recent, 1 if not. For a Kubernetes exec probe, a Compose healthcheck or a systemd timer."
    )
    # A probe must be fast, and does not depend on the rest of the project.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--max-age",
            type=seconds,
            default=Thresholds().relay,
            metavar="SECONDS",
            help="maximum age of the heartbeat (default: %(default)g)",
        )
        parser.add_argument("--any-host", action="store_true", help="accept a relay on any host")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the result; exit with 1 if no relay is alive."""
        host = None if options["any_host"] else socket.gethostname()
        found = liveness(host=host, max_age=options["max_age"])
        self.stdout.write(json.dumps(asdict(found)) if options["json"] else found.message)
        if not found.alive:
            sys.exit(1)
