"""manage.py archive_actions: archive old events."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from dj_actions.cli.arguments import minutes, moment, positive_integer
from dj_actions.cli.command import TextCommand
from dj_actions.exceptions import InvalidSetting
from dj_actions.operations import OperationResult, archive
from dj_actions.operations.retention import cutoff_after


class Command(TextCommand):
    """Moves old events, with their deliveries, to a table or a file."""

    help = (
        "Moves events older than TTL_MINUTES, with their deliveries, to the table of archived "
        "events or to a file, then deletes them. Events with a delivery that is open, dead or "
        "still tracked are kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        age = parser.add_mutually_exclusive_group()
        age.add_argument(
            "--older-than-minutes",
            type=minutes,
            metavar="N",
            help="archive events older than this (default: TTL_MINUTES)",
        )
        age.add_argument(
            "--before",
            type=moment,
            metavar="TIME",
            help="archive events recorded before this time, for example 2026-11-01T00:00:00Z",
        )
        parser.add_argument(
            "--to-file",
            type=Path,
            metavar="FILE",
            help="append the events to this file, one JSON object per line (default: the table)",
        )
        parser.add_argument(
            "--batch-size",
            type=positive_integer,
            default=500,
            metavar="N",
            help="events per transaction (default: 500)",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count the events")

    def handle(self, *args: Any, **options: Any) -> None:
        """Archive the events, batch by batch."""
        self._archived = 0
        file = options["to_file"]
        try:
            result = self._archive(options)
        except InvalidSetting as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                f"Cannot write to {file}: {error}. {self._archived} events were archived before."
            ) from error
        if result.dry_run:
            self.stdout.write(f"{result.count} events would be archived.")
        else:
            target = file or "the table of archived events"
            self.stdout.write(f"{result.count} events archived to {target}.")

    def _archive(self, options: dict[str, Any]) -> OperationResult:
        def report(archived: int) -> None:
            self._archived = archived
            if options["verbosity"] > 1:
                self.stdout.write(f"{archived} …")

        return archive(
            before=_cutoff(options),
            to_file=options["to_file"],
            batch_size=options["batch_size"],
            dry_run=options["dry_run"],
            on_batch=report,
        )


def _cutoff(options: dict[str, Any]) -> datetime | None:
    age: float | None = options["older_than_minutes"]
    before: datetime | None = options["before"]
    return before if age is None else cutoff_after(age)
