"""manage.py relay_health: does a relay live."""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dj_actions.cli.arguments import seconds
from dj_actions.doctor.liveness import liveness
from dj_actions.doctor.thresholds import Thresholds


class Command(BaseCommand):
    """Says in one line whether a relay lives; the exit code says it too."""

    help = (
        "Tells a supervisor whether a relay of this host lives: exit code 0 if it gave a sign of "
        "life lately, else 1. For a Kubernetes exec probe, a Compose healthcheck, a systemd timer."
    )
    # A probe has to be quick, and says nothing about the rest of the project.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--max-age",
            type=seconds,
            default=Thresholds().relay,
            metavar="SECONDS",
            help="how old its sign of life may be (default: %(default)g)",
        )
        parser.add_argument("--any-host", action="store_true", help="a relay of any host will do")
        parser.add_argument("--json", action="store_true", help="say it in JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say it, and exit with 1 if none lives."""
        host = None if options["any_host"] else socket.gethostname()
        found = liveness(host=host, max_age=options["max_age"])
        self.stdout.write(json.dumps(asdict(found)) if options["json"] else found.message)
        if not found.alive:
            sys.exit(1)
