"""The filters of `manage.py outbox`, which choose deliveries."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.db import router

from dj_actions.cli.arguments import delivery_id, moment, period, positive_integer
from dj_actions.models import Delivery
from dj_actions.operations.publishers import require_publisher
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.states import DeliveryState, RemoteState

FILTERS = (
    *("event", "publisher", "remote_state", "action", "object", "key"),
    *("since", "until", "error", "older_than"),
)
"""Options that are arguments of `DeliveryQuerySet.matching`, in addition to ids and state."""


def add_filters(parser: ArgumentParser, *, limit: int | None = None) -> None:
    """Add the options that choose deliveries.

    Args:
        parser: the parser of the subcommand.
        limit: default of --limit; None for no limit.
    """
    parser.add_argument("ids", nargs="*", type=delivery_id, metavar="ID", help="delivery id")
    parser.add_argument("--event", type=UUID, metavar="ID", help="deliveries of this event")
    parser.add_argument("--publisher", metavar="ALIAS", help="deliveries for this publisher")
    parser.add_argument(
        "--remote-state",
        choices=[state.value for state in RemoteState],
        help="deliveries whose remote run is in this state",
    )
    parser.add_argument(
        "--action",
        metavar="NAME",
        help="deliveries of this action: todo.mark_done, or mark_done for any resource",
    )
    parser.add_argument(
        "--object", metavar="ID", help="deliveries of actions on the object with this id"
    )
    parser.add_argument("--key", metavar="KEY", help="deliveries with this ordering key")
    parser.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help="deliveries of events recorded at or after this time, for example "
        "2026-11-01T14:00:00Z (default time zone: UTC)",
    )
    parser.add_argument(
        "--until", type=moment, metavar="TIME", help="deliveries of events recorded before"
    )
    parser.add_argument(
        "--older-than",
        type=period,
        metavar="AGE",
        help="deliveries of events recorded longer ago: a number of hours, or 30min, 12h, 30d, 8w",
    )
    parser.add_argument(
        "--error", metavar="TEXT", help="deliveries with an error that contains this text"
    )
    default = "all" if limit is None else str(limit)
    parser.add_argument(
        "--limit",
        type=positive_integer,
        default=limit,
        metavar="N",
        help=f"maximum number of deliveries, the oldest first (default: {default})",
    )


def matching(
    options: Mapping[str, Any], state: str | None, among: DeliveryQuerySet | None = None
) -> DeliveryQuerySet:
    """Return the deliveries that match the options, the oldest first, ignoring --limit.

    They are read from the database that is written to: what is shown is what a change affects.

    Args:
        options: the options of the command.
        state: the state that they are in; None for any.
        among: the deliveries to choose from; None for all.

    Raises:
        InvalidAction: there is no such publisher, not even one that was removed.
    """
    wanted = {name: options[name] for name in FILTERS}
    database = router.db_for_write(Delivery)
    rows = (Delivery.objects.all() if among is None else among).using(database)
    if (alias := options["publisher"]) and not rows.filter(publisher=alias).exists():
        require_publisher(alias)
    return rows.matching(ids=options["ids"] or None, state=state, **wanted).order_by("pk")


def matching_or_all(
    options: Mapping[str, Any], state: DeliveryState, among: DeliveryQuerySet | None = None
) -> DeliveryQuerySet:
    """Return the deliveries to change; all of a state only if --all is given.

    Args:
        options: the options of the command: those of `add_filters`, and `all`.
        state: the state that they are in.
        among: the deliveries to choose from; None for all.

    Raises:
        CommandError: neither a filter nor --all was given.
        InvalidAction: there is no such publisher, not even one that was removed.
    """
    if not (has_filters(options) or options["ids"] or options["all"]):
        raise CommandError(
            f"Without a filter, this affects every {state} delivery. Give delivery ids or a "
            "filter such as --publisher, or confirm with --all."
        )
    return matching(options, state, among)[: options["limit"]]


def has_filters(options: Mapping[str, Any]) -> bool:
    """Return whether a filter is given, in addition to ids."""
    return any(options[name] is not None for name in FILTERS)
