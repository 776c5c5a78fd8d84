"""manage.py archive_actions: put old events away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dj_actions.exceptions import InvalidSetting
from dj_actions.models import ActionEvent
from dj_actions.operations.retention import (
    Archive,
    FileArchive,
    TableArchive,
    archive,
    default_cutoff,
    present_time,
)


class Command(BaseCommand):
    """Moves old events, with their deliveries, to a table or a file."""

    help = (
        "Moves events older than TTL_MINUTES, with their deliveries, to the table of archived "
        "events or to a file, then deletes them. Events stay of which a delivery is open, dead, "
        "or still followed at its destination."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        age = parser.add_mutually_exclusive_group()
        age.add_argument(
            "--older-than-minutes", type=float, metavar="N", help="instead of TTL_MINUTES"
        )
        age.add_argument(
            "--before",
            type=datetime.fromisoformat,
            metavar="TIME",
            help="events recorded before this moment, as in 2026-11-01T00:00:00Z",
        )
        parser.add_argument(
            "--to-file",
            type=Path,
            metavar="FILE",
            help="append them to this file, one JSON object per line (default: to the table)",
        )
        parser.add_argument(
            "--batch-size",
            type=int,
            default=500,
            metavar="N",
            help="events per transaction (default: 500)",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count them")

    def handle(self, *args: Any, **options: Any) -> None:
        """Archive, batch by batch."""
        if options["batch_size"] < 1:
            raise CommandError(f"--batch-size is {options['batch_size']}. Set it to 1 or more.")
        try:
            before = _cutoff(options)
        except InvalidSetting as error:
            raise CommandError(str(error)) from error
        if options["dry_run"]:
            count = ActionEvent.objects.archivable(before=before).count()
            self.stdout.write(f"{count} events would be archived.")
            return
        file = options["to_file"]
        target: Archive = FileArchive(file) if file else TableArchive()
        total = 0
        try:
            for moved in archive(target, before=before, batch_size=options["batch_size"]):
                total += moved
                if options["verbosity"] > 1:
                    self.stdout.write(f"{total} …")
        except OSError as error:
            raise CommandError(f"{file} cannot be written, {total} archived: {error}") from error
        self.stdout.write(f"{total} events archived to {file or 'the table of archived events'}.")


def _cutoff(options: dict[str, Any]) -> datetime:
    before: datetime | None = options["before"]
    minutes: float | None = options["older_than_minutes"]
    if before is not None:
        return before if before.tzinfo else before.replace(tzinfo=UTC)
    if minutes is None:
        return default_cutoff()
    try:
        if minutes >= 0:
            return present_time() - timedelta(minutes=minutes)
    except OverflowError:  # before the year 1
        pass
    raise CommandError(
        f"--older-than-minutes is {minutes:g}. Set it to 0 or more, within the calendar."
    )
