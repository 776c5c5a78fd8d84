"""Checks of publishers: are they held back, and do their destinations answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import router

from dj_actions.conf import get_settings
from dj_actions.doctor.findings import Finding, counted, in_one_line, ok, problem, warning
from dj_actions.exceptions import InvalidSetting, PublisherMisconfigured, RateLimited
from dj_actions.models import PublisherState
from dj_actions.publishers import BasePublisher, publishers

if TYPE_CHECKING:
    from dj_actions.outbox.queries import PublisherStateQuerySet


def check_reachability() -> Iterator[Finding]:
    """Ask each destination a harmless question."""
    for alias in get_settings().publishers:
        try:
            publisher = publishers[alias]
        except InvalidSetting:
            continue  # the check of the settings tells it
        try:
            yield _ask(publisher)
        finally:
            publisher.close()


def _ask(publisher: BasePublisher) -> Finding:
    check, alias = "reachability", publisher.alias
    try:
        answered = publisher.check_reachable()
    except RateLimited as error:
        return warning(
            check,
            f"{alias} asks for patience: {in_one_line(error)}",
            "Wait, or set a lower rate for this publisher.",
        )
    except Exception as error:  # noqa: BLE001 - whatever a publisher raises is a finding
        return problem(check, f"{alias} cannot be reached: {in_one_line(error)}", _mend(error))
    return ok(check, f"{alias} answers." if answered else f"{alias} has nothing to be asked.")


def _mend(error: Exception) -> str:
    if isinstance(error, PublisherMisconfigured):
        return "Correct the publisher's OPTIONS in DJ_ACTIONS; deliveries wait meanwhile."
    return "Mend the destination, or the way to it; deliveries wait meanwhile."


def check_paused() -> Iterator[Finding]:
    """Check whether someone has paused a publisher."""
    paused = list(_known().paused())
    for state in paused:
        by = f" by {state.paused_by}" if state.paused_by else ""
        reason = f": {state.pause_reason}" if state.pause_reason else "."
        yield warning(
            "paused",
            f"{state.alias} is paused{by} since {state.paused_at:%Y-%m-%d %H:%M} UTC{reason}",
            f"Once the reason is gone: `manage.py outbox resume {state.alias} --reason TEXT`.",
        )
    if not paused:
        yield ok("paused", "No publisher is paused.")


def check_breakers() -> Iterator[Finding]:
    """Check whether the relays have stopped sending to a destination in trouble."""
    stopped = list(_known().exclude(open_until=None))
    for state in stopped:
        reason = f": {state.open_reason}" if state.open_reason else "."
        failures = counted(state.failures, "failure", "failures")
        yield problem(
            "breakers",
            f"Nothing is sent to {state.alias} after {failures}{reason}",
            "Mend the destination; the relays probe it, and go on by themselves.",
        )
    if not stopped:
        yield ok("breakers", "All are closed.")


def _known() -> PublisherStateQuerySet:
    rows = PublisherState.objects.using(router.db_for_write(PublisherState))
    return rows.filter(alias__in=list(get_settings().publishers)).order_by("alias")
