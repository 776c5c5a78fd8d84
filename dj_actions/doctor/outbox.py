"""Checks of the deliveries themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import router

from dj_actions.conf import get_settings
from dj_actions.doctor import queries
from dj_actions.doctor.findings import (
    Finding,
    counted,
    deliveries,
    ok,
    problem,
    spoken,
    warning,
)
from dj_actions.models import Delivery

if TYPE_CHECKING:
    from dj_actions.outbox.queries import DeliveryQuerySet


def check_waiting(max_age: float) -> Iterator[Finding]:
    """Check that no delivery has been pending for long.

    Args:
        max_age: seconds.
    """
    waiting = queries.waiting(_rows())
    late = [backlog for backlog in waiting if backlog.age > max_age]
    for backlog in late:
        yield warning(
            "waiting",
            f"{backlog.publisher}: {deliveries(backlog.count)} pending, the oldest for "
            f"{spoken(backlog.age)}.",
            f"`manage.py outbox list --state pending --publisher {backlog.publisher}` shows their "
            "errors; without any, the relays are too slow, paused or away.",
        )
    if not late:
        count = sum(backlog.count for backlog in waiting)
        yield ok("waiting", f"{deliveries(count)} pending, none for over {spoken(max_age)}.")


def check_dead() -> Iterator[Finding]:
    """Check for dead letters."""
    dead = queries.dead(_rows())
    for backlog in dead:
        yield warning(
            "dead",
            f"{backlog.publisher}: {counted(backlog.count, 'dead letter', 'dead letters')}, the "
            f"oldest given up {spoken(backlog.age)} ago.",
            f"`manage.py outbox list --state dead --publisher {backlog.publisher}` shows why; "
            f"`manage.py outbox replay --publisher {backlog.publisher} --reason TEXT` sends them "
            "again.",
        )
    if not dead:
        yield ok("dead", "There are no dead letters.")


def check_leases(grace: float) -> Iterator[Finding]:
    """Check that what a dead relay has left was taken over.

    Args:
        grace: seconds the other relays have for it.
    """
    abandoned = queries.abandoned(_rows(), seconds=grace)
    for backlog in abandoned:
        yield problem(
            "leases",
            f"{backlog.publisher}: the lease of {deliveries(backlog.count)} ran out, up to "
            f"{spoken(backlog.age)} ago, and no relay has taken over.",
            "Start `manage.py run_relay`: it takes them over at once.",
        )
    if not abandoned:
        yield ok("leases", "None has run out.")


def check_unconfigured() -> Iterator[Finding]:
    """Check that each open delivery has a publisher: an alias may have been renamed."""
    lost = queries.of_unconfigured(_rows(), get_settings().publishers)
    for backlog in lost:
        yield problem(
            "unconfigured",
            f"{deliveries(backlog.count)} open to {backlog.publisher}, which is not configured.",
            "Configure it again, or withdraw them: "
            f"`manage.py outbox cancel --publisher {backlog.publisher} --reason TEXT`.",
        )
    if not lost:
        yield ok("unconfigured", "Each open delivery has its publisher.")


def _rows() -> DeliveryQuerySet:
    return Delivery.objects.using(router.db_for_write(Delivery))
