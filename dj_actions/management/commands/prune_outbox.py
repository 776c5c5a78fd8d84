"""manage.py prune_outbox: delete deliveries that were settled long ago."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from dj_actions.cli.arguments import NEVER, age, positive_integer
from dj_actions.cli.command import TextCommand
from dj_actions.cli.output import duration, table
from dj_actions.operations import prune
from dj_actions.states import DeliveryState

DEFAULT_AGES = {
    DeliveryState.DELIVERED: "30d",
    DeliveryState.CANCELLED: "30d",
    DeliveryState.DEAD: NEVER,
}


class Command(TextCommand):
    """Deletes deliveries that were settled long ago; their events are kept."""

    help = (
        "Deletes deliveries that were settled long ago, in short transactions. Open deliveries, "
        "and those whose remote run is still tracked, are never deleted. Events are kept: see "
        "archive_actions."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        for state, default in DEFAULT_AGES.items():
            parser.add_argument(
                f"--{state}-after",
                type=age,
                default=default,
                metavar="AGE",
                help=f"delete {state} deliveries of this age: a number of hours, or for example "
                f"12h, 30d, 8w, or never (default: {default})",
            )
        parser.add_argument(
            "--batch-size",
            type=positive_integer,
            default=1000,
            metavar="N",
            help="deliveries per transaction (default: 1000)",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count the deliveries")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prune one state after the other."""
        ages = {state: options[f"{state}_after"] for state in DEFAULT_AGES}
        counts = {
            state: 0 if seconds is None else self._prune(state, seconds, options)
            for state, seconds in ages.items()
        }
        is_dry_run: bool = options["dry_run"]
        if options["json"]:
            by_state = {state.value: count for state, count in counts.items()}
            self.stdout.write(json.dumps({"dry_run": is_dry_run, "deleted": by_state}, indent=2))
        else:
            self.stdout.write(_table(ages, counts, is_dry_run=is_dry_run))

    def _prune(self, state: DeliveryState, seconds: float, options: Mapping[str, Any]) -> int:
        def report(deleted: int) -> None:
            if options["verbosity"] > 1:
                self.stderr.write(f"{state}: {deleted} …")

        return prune(
            state,
            older_than=seconds,
            batch_size=options["batch_size"],
            dry_run=options["dry_run"],
            on_batch=report,
        ).count


def _table(
    ages: Mapping[DeliveryState, float | None],
    counts: Mapping[DeliveryState, int],
    *,
    is_dry_run: bool,
) -> str:
    rows = [
        (state, NEVER if seconds is None else f"after {duration(seconds)}", counts[state])
        for state, seconds in ages.items()
    ]
    return table(("STATE", "AGE", "WOULD BE DELETED" if is_dry_run else "DELETED"), rows)
