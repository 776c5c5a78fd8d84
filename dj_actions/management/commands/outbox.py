"""manage.py outbox: inspect deliveries, and retry, cancel, replay or discard them."""

from __future__ import annotations

import functools
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from dj_actions.cli.arguments import delivery_id
from dj_actions.cli.changes import (
    CANCEL,
    DISCARD,
    REPLAY,
    REPLAY_DELIVERED,
    RETRY,
    Change,
    adopt_data,
    change_deliveries,
    change_publishers,
)
from dj_actions.cli.filters import add_filters
from dj_actions.cli.inspection import list_deliveries, show_delivery, show_stats
from dj_actions.cli.metrics import show_metrics
from dj_actions.cli.operations import AddOperation, OperationsCommand
from dj_actions.cli.output import Answer
from dj_actions.cli.users import add_actor, user_named
from dj_actions.states import DeliveryState

DEFAULT_LIMIT = 100
"""Deliveries that `list` shows unless --limit is given."""


class Command(OperationsCommand):
    """Inspects, retries, cancels, replays and discards deliveries; pauses publishers."""

    help = (
        "Inspects the deliveries in the outbox, and retries, cancels, replays or discards them; "
        "pauses and resumes publishers; takes over a copied database. Exits with 1 if nothing "
        "matches or nothing was changed."
    )

    def add_operations(self, add: AddOperation) -> None:
        """Add the operations and their arguments."""
        _add_inspections(add)
        _add_changes(add)
        _add_publishers(add)
        _add_adoption(add)


def _add_inspections(add: AddOperation) -> None:
    listing = add("list", "List deliveries.", list_deliveries)
    add_filters(listing, limit=DEFAULT_LIMIT)
    listing.add_argument(
        "--state", choices=[state.value for state in DeliveryState], help="deliveries in this state"
    )
    shown = add("show", "Show one delivery with its event, attempts and receipt.", show_delivery)
    shown.add_argument("id", type=delivery_id, metavar="ID", help="delivery id")
    add("metrics", "Print the state of the outbox as metrics for Prometheus.", show_metrics)
    text = "Count deliveries by publisher and state, and show how long the recent ones took."
    counted = add("stats", text, show_stats)
    counted.add_argument("--publisher", metavar="ALIAS", help="count for this publisher only")


def _add_changes(add: AddOperation) -> None:
    _add_change(add, RETRY, "Send pending deliveries now, without waiting for the next attempt.")
    for change, text in (
        (CANCEL, "Cancel pending deliveries: they are never sent."),
        (REPLAY, "Send dead letters again."),
        (DISCARD, "Discard dead letters: they no longer block later deliveries."),
    ):
        added = _add_change(add, change, text)
        _add_actor_and_reason(added)
        if change is REPLAY:
            added.add_argument(
                "--delivered",
                action="store_true",
                help="send delivered ones instead, whose result the destination has lost",
            )


def _add_change(add: AddOperation, change: Change, text: str) -> ArgumentParser:
    def run(options: dict[str, Any]) -> Answer:
        needs_reason = "reason" in options and not options["dry_run"]
        if needs_reason and not (options["reason"] or "").strip():
            raise CommandError(f"Give a --reason: it is recorded with the {change.name}.")
        chosen = REPLAY_DELIVERED if options.get("delivered") else change
        return change_deliveries(chosen, options, user_named(options.get("username")))

    added = add(change.name, text, run)
    add_filters(added)
    added.add_argument("--all", action="store_true", help=f"every {change.state} delivery")
    added.add_argument(
        "--dry-run", action="store_true", help="show what would be changed, and change nothing"
    )
    return added


def _add_publishers(add: AddOperation) -> None:
    def run(operation: str, options: dict[str, Any]) -> Answer:
        return change_publishers(operation, options, user_named(options["username"]))

    for name, text in (
        ("pause", "Stop sending to these publishers until they are resumed."),
        ("resume", "Send to these publishers again."),
    ):
        added = add(name, text, functools.partial(run, name))
        added.add_argument("publishers", nargs="+", metavar="ALIAS", help="publisher")
        _add_actor_and_reason(added, is_required=True)


def _add_adoption(add: AddOperation) -> None:
    def run(options: dict[str, Any]) -> Answer:
        return adopt_data(options, user_named(options["username"]))

    text = "Let the data belong to the environment in the settings: its relays send them."
    _add_actor_and_reason(add("adopt", text, run), is_required=True)


def _add_actor_and_reason(parser: ArgumentParser, *, is_required: bool = False) -> None:
    parser.add_argument("--reason", required=is_required, metavar="TEXT", help="why; recorded")
    add_actor(parser)
