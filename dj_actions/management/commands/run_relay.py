"""manage.py run_relay: deliver recorded events to their publishers."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import router

from dj_actions.cli.command import TextCommand
from dj_actions.cli.pending_deliveries import pending_line
from dj_actions.conf import get_settings
from dj_actions.database import enable_tcp_keepalive, leave_pools
from dj_actions.exceptions import DJActionsError
from dj_actions.models import Delivery
from dj_actions.relay.lanes.pending_deliveries import PendingDeliveries
from dj_actions.relay.process.stop_signals import on_stop_signal
from dj_actions.relay.process.tenancy import same_search_path
from dj_actions.relay.relay import Relay

LEFT_PENDING = 3
"""Exit code of --once and --drain if deliveries that are due are left."""


class Command(TextCommand):
    """Runs until it is stopped; finishes the messages in flight and releases the rest."""

    help = (
        "Delivers recorded events to the publishers in DJ_ACTIONS. Runs until SIGTERM, SIGINT "
        "or SIGHUP, then finishes the messages in flight and releases the rest; a second signal "
        "ends it at once. --once and --drain say what is left pending, and why, and exit with "
        f"{LEFT_PENDING} if it is due."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--publisher",
            action="append",
            default=[],
            metavar="ALIAS",
            help="serve only this publisher; may be repeated (default: all publishers)",
        )
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument(
            "--once", action="store_true", help="deliver at most one batch per publisher, then end"
        )
        mode.add_argument(
            "--drain", action="store_true", help="deliver everything that is due now, then end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the relay in the chosen mode."""
        with same_search_path():
            leave_pools()
            enable_tcp_keepalive(router.db_for_write(Delivery))
            self._run(options)

    def _run(self, options: Mapping[str, Any]) -> None:
        try:
            relay = Relay(options["publisher"])
            if not get_settings().publishers:
                self.stderr.write(
                    "No publisher is configured, so nothing is delivered: set "
                    'DJ_ACTIONS["PUBLISHERS"].'
                )

            def stop() -> None:
                relay.stop()
                with suppress(OSError):  # the terminal may have been closed
                    self.stderr.write("Relay is stopping: finishing the messages in flight.")

            with on_stop_signal(stop):
                self._work(relay, once=options["once"], drain=options["drain"])
        except DJActionsError as error:
            raise CommandError(str(error)) from error

    def _work(self, relay: Relay, *, once: bool, drain: bool) -> None:
        # Objects that exist by now stay; the garbage collector need not traverse them each time.
        # https://docs.python.org/3/library/gc.html#gc.freeze
        gc.freeze()
        if once or drain:
            self._report(relay.run_once() if once else relay.drain())
        else:
            self.stdout.write("Relay started.")
            relay.run()
            with suppress(OSError):
                self.stdout.write("Relay stopped.")

    def _report(self, left: list[PendingDeliveries]) -> None:
        """Write what each publisher has left pending; exit with LEFT_PENDING if it is held back."""
        for entry in left:
            if line := pending_line(entry):
                self.stderr.write(line)
        if any(entry.is_held_back for entry in left):
            sys.exit(LEFT_PENDING)
