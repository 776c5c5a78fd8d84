"""manage.py upgrade_actions: replace the import root of dj-actions 0.0.7."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dj_actions.compat.upgrade.command import HELP, CannotUpgrade, Options, add_arguments, upgrade


class Command(BaseCommand):
    """The same as `python -m dj_actions upgrade`, for a project that can be loaded already."""

    help = HELP
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Change the files."""
        try:
            upgrade(Options(paths=options["paths"], dry_run=options["dry_run"]), self.stdout.write)
        except CannotUpgrade as error:
            raise CommandError(str(error)) from error
