"""Checks of publishers: their destinations, pauses and circuit breakers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.core.checks import ERROR
from django.db import router

from dj_actions.checks import check_destination
from dj_actions.cli.output import count_of, display, error_line
from dj_actions.conf import get_settings
from dj_actions.doctor.findings import Finding, State, ok, problem, warning
from dj_actions.exceptions import InvalidSetting, PublisherMisconfigured, RateLimited
from dj_actions.models import PublisherState
from dj_actions.outbox.times import aware
from dj_actions.publishers import BasePublisher, publishers

if TYPE_CHECKING:
    from dj_actions.outbox.queries import PublisherStateQuerySet


FIX_DESTINATION = "Check that the destination is up and reachable."
FIX_OPTIONS = (
    "If the OPTIONS of the publisher in DJ_ACTIONS are wrong, correct them and restart the relays: "
    "they read the settings when they start."
)


def check_reachability() -> Iterator[Finding]:
    """Check that each destination is reachable, without changing anything there."""
    for alias in get_settings().publishers:
        try:
            publisher = publishers[alias]
        except InvalidSetting:
            continue  # reported by the check of the settings
        try:
            found = _check(publisher)
            yield found
            if found.state is State.OK:
                yield from _check_deployed(publisher)
        finally:
            publisher.close()


def _check_deployed(publisher: BasePublisher) -> Iterator[Finding]:
    """Check what the routes name at the destination."""
    for message in check_destination(publisher):
        yield Finding(
            check="destinations",
            state=State.PROBLEM if message.level >= ERROR else State.WARNING,
            message=f"{message.msg} ({message.id})",
            fix=message.hint or "Correct it at the destination, or the routes to it.",
        )


def _check(publisher: BasePublisher) -> Finding:
    check, alias = "reachability", publisher.alias
    try:
        is_checked = publisher.check_reachable()
    except RateLimited as error:
        return warning(
            check,
            f"{alias} is rate limiting us: {error_line(error)}",
            "Wait, or set a lower RATE_LIMIT for this publisher.",
        )
    except Exception as error:  # noqa: BLE001 - any exception of a publisher is a finding
        return problem(check, f"{alias} is not reachable: {error_line(error)}", _fix_for(error))
    verdict = "is reachable" if is_checked else "has no reachability check"
    return ok(check, f"{alias} {verdict}.")


def _fix_for(error: Exception) -> str:
    fix = FIX_OPTIONS if isinstance(error, PublisherMisconfigured) else FIX_DESTINATION
    return f"{fix} Deliveries are queued until then."


def check_paused() -> Iterator[Finding]:
    """Check for paused publishers."""
    paused = list(_states().paused())
    for state in paused:
        by = f" by {state.paused_by}" if state.paused_by else ""
        reason = f": {state.pause_reason}" if state.pause_reason else "."
        since = display(state.paused_at and aware(state.paused_at, using=str(state._state.db)))
        yield warning(
            "paused",
            f"{state.alias} has been paused{by} since {since} UTC{reason}",
            "Once the reason no longer applies, run "
            f"`manage.py outbox resume {state.alias} --reason TEXT`.",
        )
    if not paused:
        yield ok("paused", "No publisher is paused.")


def check_breakers() -> Iterator[Finding]:
    """Check for open circuit breakers."""
    stopped = list(_states().exclude(open_until=None))
    for state in stopped:
        reason = f": {state.open_reason}" if state.open_reason else "."
        # Nothing is counted if the destination itself requests a wait, or refuses our settings.
        failures = count_of(state.failures, "failure", "failures")
        after = f" after {failures}" if state.failures else ""
        fix = FIX_DESTINATION if state.failures else FIX_OPTIONS
        yield problem(
            "breakers",
            f"The circuit breaker of {state.alias} is open{after}{reason}",
            f"{fix} The relays probe it, and continue once it accepts a message.",
        )
    if not stopped:
        yield ok("breakers", "All circuit breakers are closed.")


def _states() -> PublisherStateQuerySet:
    rows = PublisherState.objects.using(router.db_for_write(PublisherState))
    return rows.filter(alias__in=list(get_settings().publishers)).order_by("alias")
