"""Run all checks, in the order in which their findings explain each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.db import connections, router

from dj_actions.cli.output import error_line
from dj_actions.conf import get_settings
from dj_actions.doctor import (
    configuration,
    machine_tokens,
    outbox,
    postgres,
    publishers,
    relays,
    sqlite,
    timings,
)
from dj_actions.doctor.findings import Finding, State, problem
from dj_actions.doctor.thresholds import Thresholds
from dj_actions.models import Delivery
from dj_actions.outbox.notifications import can_listen
from dj_actions.relay.process.capacity import connections_of_relay

Check = Callable[[], Iterable[Finding]]


def examine(thresholds: Thresholds) -> Iterator[Finding]:
    """Yield the findings of each check; skip the checks whose prerequisites are missing."""
    database = router.db_for_write(Delivery)
    usable = configuration.settings_are_usable()
    yield from _run("settings", configuration.check_settings)
    if usable:
        yield from _run("reachability", publishers.check_reachability)
    found = _run("database", lambda: configuration.check_database(database))
    yield from found
    if _has_problem(found):
        return
    yield from (found := _run("migrations", lambda: configuration.check_migrations(database)))
    if usable and not _has_problem(found):
        yield from _run_all(_outbox_checks(thresholds))
    yield from _run_all(_server_checks(database, thresholds))


def _outbox_checks(thresholds: Thresholds) -> dict[str, Check]:
    return {
        "environment": outbox.check_environment,
        "relays": lambda: relays.check_relays(thresholds.relay),
        "paused": publishers.check_paused,
        "breakers": publishers.check_breakers,
        "waiting": lambda: outbox.check_waiting(thresholds.waiting),
        "timings": lambda: timings.check_timings(thresholds.waiting),
        "dead": outbox.check_dead,
        "runs": outbox.check_remote_runs,
        "leases": lambda: outbox.check_leases(thresholds.lease),
        "unconfigured": outbox.check_unconfigured,
        "routes": outbox.check_routes,
        "tokens": machine_tokens.check_machine_tokens,
    }


def _server_checks(database: str, thresholds: Thresholds) -> dict[str, Check]:
    vendor = connections[database].vendor
    if vendor == "sqlite":
        return {"transactions": lambda: sqlite.check_transactions(database)}
    if vendor != "postgresql":
        return {}
    return {
        "snapshots": lambda: postgres.check_snapshots(database, thresholds.snapshot),
        "connections": lambda: _check_connections(database),
        "vacuum": lambda: postgres.check_vacuum(database),
        "listening": lambda: _check_listening(database, thresholds),
    }


def _check_connections(database: str) -> Iterable[Finding]:
    if not configuration.settings_are_usable():
        return ()  # reported by the check of the settings
    return postgres.check_connections(database, needed=connections_of_relay(get_settings()))


def _check_listening(database: str, thresholds: Thresholds) -> Iterable[Finding]:
    if not (get_settings().notify and can_listen()):
        return ()  # no relay listens; a missing driver is reported by the check of the settings
    return postgres.check_listening(database, timeout=thresholds.notification)


def _run_all(checks: dict[str, Check]) -> Iterator[Finding]:
    for name, check in checks.items():
        yield from _run(name, check)


def _run(name: str, check: Check) -> list[Finding]:
    """Return the findings of a check, or a problem if the check itself fails."""
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001 - a failing check must not stop the others
        message = f"The check failed: {type(error).__name__}: {error_line(error)}"
        return [problem(name, message, "Resolve this error, and run the doctor again.")]


def _has_problem(findings: Iterable[Finding]) -> bool:
    return any(finding.state is State.PROBLEM for finding in findings)
