"""manage.py prune_outbox: clear settled deliveries away."""

from __future__ import annotations

import json
import re
from argparse import ArgumentTypeError
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dj_actions.cli.filters import positive
from dj_actions.cli.output import duration, table
from dj_actions.models import Delivery
from dj_actions.operations.retention import prune
from dj_actions.states import DeliveryState

NEVER = "never"
AGE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([hdw]?)")
SECONDS = {"": 3600, "h": 3600, "d": 86_400, "w": 7 * 86_400}
LONGEST_AGE = 36_500 * 86_400
"""Seconds in a hundred years: longer ages leave the calendars of databases."""

DEFAULTS = {
    DeliveryState.DELIVERED: "30d",
    DeliveryState.CANCELLED: "30d",
    DeliveryState.DEAD: NEVER,
}


class Command(BaseCommand):
    """Deletes deliveries that settled long ago; their events stay."""

    help = (
        "Deletes deliveries that settled long ago, a few at a time. It never deletes an open one, "
        "nor one whose remote run is still followed. Events stay: see archive_actions."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        for state, default in DEFAULTS.items():
            parser.add_argument(
                f"--{state}-after",
                type=age,
                default=default,
                metavar="AGE",
                help=f"{state} ones of this age: hours, or 12h, 30d, 8w, never "
                f"(default: {default})",
            )
        parser.add_argument(
            "--batch-size",
            type=positive,
            default=1000,
            metavar="N",
            help="deliveries per transaction (default: 1000)",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count them")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prune state by state."""
        ages = {state: options[f"{state}_after"] for state in DEFAULTS}
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
        if options["dry_run"]:
            return Delivery.objects.prunable(state, seconds).count()
        total = 0
        for deleted in prune(state, older_than=seconds, batch_size=options["batch_size"]):
            total += deleted
            if options["verbosity"] > 1:
                self.stderr.write(f"{state}: {total} …")
        return total


def age(text: str) -> float | None:
    """Return an age in seconds, or None for never; ArgumentTypeError if it is none."""
    if text == NEVER:
        return None
    found = AGE.fullmatch(text)
    seconds = float(found[1]) * SECONDS[found[2]] if found else LONGEST_AGE + 1
    if seconds > LONGEST_AGE:
        raise ArgumentTypeError(
            f"{text!r} is no age. Use hours, or 12h, 30d, 8w, up to 36500d, or never"
        )
    return seconds


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
