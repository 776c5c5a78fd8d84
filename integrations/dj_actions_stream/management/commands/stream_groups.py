"""manage.py stream_groups: the feed groups that the settings imply, and which exist."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dj_actions.exceptions import PublishError
from dj_actions_stream.management.publishers import feeds_publishers
from dj_actions_stream.publishing.base import FeedsPublisher
from dj_actions_stream.publishing.groups import ImpliedGroups, implied_groups


class Command(BaseCommand):
    """Prints the feed groups that publishers need, and which of them exist."""

    help = (
        "Prints the feed groups that OPTIONS, routes and declarations of publishers to activity "
        "feeds imply, and which of them exist. Recipients that actions emit may need others. "
        "Exits with 1 if a group is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--publisher", metavar="ALIAS", help="only for this publisher")
        parser.add_argument(
            "--offline", action="store_true", help="do not find out which groups exist"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the groups of each publisher."""
        groups = [
            entry
            for publisher in feeds_publishers(options["publisher"])
            for entry in self._groups_of(publisher, is_offline=options["offline"])
        ]
        if options["json"]:
            self.stdout.write(json.dumps(groups, indent=2, ensure_ascii=True))
        else:
            for entry in groups:
                self.stdout.write(_line_for(entry))
        missing = [entry["group"] for entry in groups if entry["exists"] is False]
        if missing:
            raise CommandError(
                f"Missing: {', '.join(missing)}. Create feed groups in Stream's dashboard, or in "
                "the settings of your own feeds server."
            )

    def _groups_of(self, publisher: FeedsPublisher, *, is_offline: bool) -> list[dict[str, Any]]:
        implied = _implied(publisher)
        for source in implied.unknown:
            self.stderr.write(
                f"{publisher.alias}: {source} is a function; which groups it needs is not known."
            )
        existing = None if is_offline else _existing(publisher, implied)
        return [
            {
                "publisher": publisher.alias,
                "group": group,
                "exists": None if existing is None else group in existing,
                "sources": implied.sources[group],
            }
            for group in sorted(implied.sources)
        ]


def _implied(publisher: FeedsPublisher) -> ImpliedGroups:
    try:
        return implied_groups(publisher)
    except (ImportError, TypeError, ValueError) as error:
        raise CommandError(f"{publisher.alias}: {error}. Run manage.py check.") from error


def _existing(publisher: FeedsPublisher, implied: ImpliedGroups) -> set[str]:
    try:
        return publisher.existing_groups(implied.sources.keys())
    except PublishError as error:
        raise CommandError(f"{publisher.alias}: {error}") from error


def _line_for(entry: dict[str, Any]) -> str:
    state = {True: "exists", False: "missing", None: "not checked"}[entry["exists"]]
    return f"{entry['publisher']}  {entry['group']}  {state}  ({', '.join(entry['sources'])})"
