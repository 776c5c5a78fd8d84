"""The filters of `manage.py outbox`: which deliveries are meant."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from dj_actions.models import Delivery
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.states import DeliveryState

LARGEST_ID = 2**63 - 1

FILTERS = ("event", "publisher", "action", "object", "key", "since", "until", "error")
"""Options that are arguments of `DeliveryQuerySet.matching`, beside ids and state."""


def add_filters(parser: ArgumentParser, *, limit: int | None = None) -> None:
    """Add the options by which deliveries are chosen.

    Args:
        limit: how many are taken unless the caller says otherwise; None for all.
    """
    parser.add_argument("ids", nargs="*", type=delivery_id, metavar="ID", help="of a delivery")
    parser.add_argument("--event", type=UUID, metavar="ID", help="of this event")
    parser.add_argument("--publisher", metavar="ALIAS", help="to this publisher")
    parser.add_argument(
        "--action", metavar="NAME", help="of this action: todo.mark_done, or mark_done"
    )
    parser.add_argument("--object", metavar="ID", help="whose action acted on this object")
    parser.add_argument("--key", metavar="KEY", help="of this ordering key")
    parser.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help="whose action happened then or later, as in 2026-11-01T14:00:00Z (default zone: UTC)",
    )
    parser.add_argument("--until", type=moment, metavar="TIME", help="whose action happened before")
    parser.add_argument("--error", metavar="TEXT", help="with these words in an error")
    default = "all" if limit is None else str(limit)
    parser.add_argument(
        "--limit",
        type=positive,
        default=limit,
        metavar="N",
        help=f"at most so many, the oldest first (default: {default})",
    )


def chosen(options: Mapping[str, Any], state: str | None) -> DeliveryQuerySet:
    """Return the deliveries that the options name, the oldest first, without their limit."""
    wanted = {name: options[name] for name in FILTERS}
    return Delivery.objects.matching(ids=options["ids"] or None, state=state, **wanted).order_by(
        "pk"
    )


def chosen_on_purpose(options: Mapping[str, Any], state: DeliveryState) -> DeliveryQuerySet:
    """Return what is to be changed.

    Raises:
        CommandError: neither a filter nor --all was given.
    """
    is_narrowed = options["ids"] or any(options[name] is not None for name in FILTERS)
    if not (is_narrowed or options["all"]):
        raise CommandError(
            f"That would be every {state} delivery. Name ids or filters, such as --publisher, "
            "or say --all."
        )
    return chosen(options, state)[: options["limit"]]


def delivery_id(text: str) -> int:
    """Return the id of a delivery; ArgumentTypeError if it cannot be one."""
    if not (text.isdecimal() and text.isascii() and 0 < int(text[:20]) <= LARGEST_ID):
        raise ArgumentTypeError(f"{text!r} is no id of a delivery, which is a whole number")
    return int(text)


def moment(text: str) -> datetime:
    """Return an ISO 8601 time, of UTC if it names no zone; ArgumentTypeError if it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is no ISO 8601 time, such as 2026-11-01T14:00:00Z"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def positive(text: str) -> int:
    """Return a whole number above zero; ArgumentTypeError if it is none."""
    if not (text.isdecimal() and text.isascii() and 0 < int(text[:20]) <= LARGEST_ID):
        raise ArgumentTypeError(f"{text!r} is no whole number above zero")
    return int(text)
