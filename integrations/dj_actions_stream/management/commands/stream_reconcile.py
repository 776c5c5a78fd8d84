"""manage.py stream_reconcile: compare feeds with records, and publish what is missing."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dj_actions.exceptions import DJActionsError
from dj_actions.states import DeliveryState
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.management.publishers import one_feeds_publisher
from dj_actions_stream.reconciliation.comparison import (
    Comparison,
    Missing,
    compare,
    publish_missing,
)
from dj_actions_stream.reconciliation.records import Selection


class Command(BaseCommand):
    """Compares activity feeds with the records, and publishes again what is missing."""

    help = (
        "Compares activity feeds with the deliveries that are recorded as delivered, and replays "
        "those whose activity is missing in a feed. What a later action has removed stays removed. "
        "Deliveries and events that were pruned or archived are not compared."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--publisher", metavar="ALIAS", help="the publisher, if several")
        parser.add_argument("--feed", type=_feed, metavar="GROUP:ID", help="only this feed")
        parser.add_argument("--actor", metavar="ID", help="only actions of the user with this id")
        for name, text in (("since", "at or after"), ("until", "before")):
            parser.add_argument(
                f"--{name}",
                type=_moment,
                metavar="TIME",
                help=f"only actions that ran {text} this time, for example 2026-11-01T14:00:00Z "
                "(default time zone: UTC)",
            )
        parser.add_argument("--all", action="store_true", help="compare all records")
        parser.add_argument("--dry-run", action="store_true", help="only print what is missing")
        parser.add_argument("--reason", metavar="TEXT", help="why; recorded with the replay")
        parser.add_argument(
            "--as",
            dest="username",
            metavar="USER",
            help="name of the user who does this; recorded (default: the system itself)",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, and publish what is missing."""
        selection = _selection(options)
        publisher = one_feeds_publisher(options["publisher"])
        actor = _user_named(options["username"])
        try:
            found = compare(publisher, selection, on_page=self._report_progress)
            replayed = (
                0
                if options["dry_run"]
                else publish_missing(found, actor=actor, reason=options["reason"])
            )
        except DJActionsError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(found, replayed), indent=2, ensure_ascii=True))
        else:
            self._write_text(found, replayed, options)
        dead = selection.deliveries(publisher.alias, DeliveryState.DEAD).count()
        if dead:
            self.stderr.write(f"Dead letters are missing, too: {dead}. See manage.py outbox list.")

    def _report_progress(self, found: Comparison) -> None:
        self.stderr.write(f"{found.checked} activities compared, {len(found.missing)} missing …")

    def _write_text(self, found: Comparison, replayed: int, options: Mapping[str, Any]) -> None:
        for entry in found.missing:
            self.stdout.write(_line_for(entry))
        self.stdout.write(
            f"{found.checked} activities compared: {len(found.missing)} missing, "
            f"{found.removed} removed by later actions, {found.unknown} unknown (too old to be "
            f"read, or in groups), {found.skipped} skipped (their declaration has changed)."
        )
        if options["dry_run"]:
            self.stdout.write(f"Dry run: {_deliveries(len(found.deliveries))} would be replayed.")
        else:
            self.stdout.write(f"{_deliveries(replayed)} replayed, to be sent by a relay.")


def _selection(options: Mapping[str, Any]) -> Selection:
    names = ("feed", "actor", "since", "until")
    if not (options["all"] or any(options[name] is not None for name in names)):
        raise CommandError(
            "Choose what to compare, for example with --since 2026-11-01, or confirm with --all."
        )
    if not options["dry_run"] and not (options["reason"] or "").strip():
        raise CommandError("Give a --reason: it is recorded with the replay. Or use --dry-run.")
    return Selection(**{name: options[name] for name in names})


def _line_for(entry: Missing) -> str:
    effect = entry.finding.effect
    feeds = ", ".join(map(str, entry.finding.missing_from))
    return f"{effect.time:%Y-%m-%d %H:%M:%S}  {effect.id}  missing in {feeds}  {effect.summary!r}"


def _deliveries(number: int) -> str:
    return f"{number} {'delivery' if number == 1 else 'deliveries'}"


def _as_json(found: Comparison, replayed: int) -> dict[str, Any]:
    missing = [
        {
            "delivery": entry.delivery,
            "activity": entry.finding.effect.id,
            "time": entry.finding.effect.time.isoformat(),
            "feeds": list(map(str, entry.finding.missing_from)),
            "summary": entry.finding.effect.summary,
        }
        for entry in found.missing
    ]
    counts = {name: getattr(found, name) for name in ("checked", "removed", "unknown", "skipped")}
    return {**counts, "missing": missing, "deliveries": found.deliveries, "replayed": replayed}


def _user_named(username: str | None) -> Any:
    if username is None:
        return None
    users = get_user_model()
    try:
        return users._default_manager.get_by_natural_key(username)
    except users.DoesNotExist:
        raise CommandError(f"There is no user {username!r}.") from None


def _feed(text: str) -> FeedId:
    try:
        return FeedId.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not an ISO 8601 time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
