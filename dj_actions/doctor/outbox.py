"""Checks of the deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import router

from dj_actions.checks import unknown_publisher, unrouted
from dj_actions.cli.output import count_of, deliveries, duration
from dj_actions.conf import get_settings
from dj_actions.declaration.discovery import load_viewsets
from dj_actions.doctor import queries
from dj_actions.doctor.findings import Finding, ok, problem, warning
from dj_actions.models import Delivery
from dj_actions.outbox.environment import ADOPT, foreign_environment

if TYPE_CHECKING:
    from dj_actions.outbox.queries import DeliveryQuerySet


def check_waiting(max_age: float) -> Iterator[Finding]:
    """Check that no delivery has been pending for too long.

    Args:
        max_age: seconds.
    """
    backlogs = queries.pending(_rows())
    late = [backlog for backlog in backlogs if backlog.age > max_age]
    for backlog in late:
        yield warning(
            "waiting",
            f"{backlog.publisher}: {deliveries(backlog.count)} pending, the oldest for "
            f"{duration(backlog.age)}.",
            f"Run `manage.py outbox list --state pending --publisher {backlog.publisher}` to see "
            "their errors. Without errors, the relays are too slow, paused or not running.",
        )
    if not late:
        count = sum(backlog.count for backlog in backlogs)
        yield ok("waiting", f"{deliveries(count)} pending, none for more than {duration(max_age)}.")


def check_dead() -> Iterator[Finding]:
    """Check for dead letters."""
    backlogs = queries.dead(_rows())
    for backlog in backlogs:
        alias = backlog.publisher
        yield warning(
            "dead",
            f"{alias}: {count_of(backlog.count, 'dead letter', 'dead letters')}, the oldest for "
            f"{duration(backlog.age)}.",
            f"Run `manage.py outbox list --state dead --publisher {alias}` to see why, and "
            f"`manage.py outbox replay --publisher {alias} --reason TEXT` to send them again.",
        )
    if not backlogs:
        yield ok("dead", "No dead letters.")


def check_remote_runs() -> Iterator[Finding]:
    """Check that the remote runs advance, as far as their destinations say why they do not."""
    stalled = queries.stalled(_rows())
    for (alias, hint), count in stalled.items():
        runs = count_of(count, "remote run waits", "remote runs wait")
        yield warning(
            "runs",
            f"{alias}: {runs}. {hint}",
            f"Run `manage.py outbox list --publisher {alias} --remote-state running` to see them, "
            "and resolve it at the destination.",
        )
    if not stalled:
        yield ok("runs", "No remote run is known to be blocked.")


def check_leases(grace: float) -> Iterator[Finding]:
    """Check that relays take over the deliveries of a relay that was killed or hangs.

    Args:
        grace: seconds after the lease expired.
    """
    backlogs = queries.expired(_rows(), seconds=grace)
    for backlog in backlogs:
        yield problem(
            "leases",
            f"{backlog.publisher}: {deliveries(backlog.count)} with an expired lease, up to "
            f"{duration(backlog.age)} ago, and no relay has taken over.",
            "Start `manage.py run_relay`: it takes over expired leases immediately.",
        )
    if not backlogs:
        yield ok("leases", "No expired leases.")


def check_environment() -> Iterator[Finding]:
    """Check that the data belong to this environment."""
    own = get_settings().environment
    if message := foreign_environment():
        yield problem("environment", message, ADOPT)
    elif own:
        yield ok("environment", f"The data belong to this environment, {own!r}.")


def check_unconfigured() -> Iterator[Finding]:
    """Check that the publisher of each open delivery is configured."""
    backlogs = queries.of_unknown_publishers(_rows(), get_settings().publishers)
    for backlog in backlogs:
        message, fix = unknown_publisher(backlog.publisher, backlog.count)
        yield problem("unconfigured", message, fix)
    if not backlogs:
        yield ok("unconfigured", "The publishers of all open deliveries are configured.")


def check_routes() -> Iterator[Finding]:
    """Check that the route of each open delivery that needs it is configured."""
    with suppress(Exception):  # reported by Django's check of the URLs
        load_viewsets()
    found = list(unrouted(_rows()))
    for message, fix in found:
        yield warning("routes", message, fix)
    if not found:
        yield ok("routes", "The routes of all open deliveries are configured.")


def _rows() -> DeliveryQuerySet:
    return Delivery.objects.using(router.db_for_write(Delivery))
