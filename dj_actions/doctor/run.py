"""All checks, in the order in which their findings explain each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.db import connections, router

from dj_actions.conf import get_settings
from dj_actions.doctor import configuration, outbox, postgres, publishers, relays, sqlite
from dj_actions.doctor.findings import Finding, State, in_one_line, problem
from dj_actions.doctor.thresholds import Limits
from dj_actions.models import Delivery

Check = Callable[[], Iterable[Finding]]


def examine(limits: Limits) -> Iterator[Finding]:
    """Yield what each check finds; none is asked whose ground is missing."""
    database = router.db_for_write(Delivery)
    usable = configuration.settings_are_usable()
    yield from _asked("settings", configuration.check_settings)
    if usable:
        yield from _asked("reachability", publishers.check_reachability)
    found = _asked("database", lambda: configuration.check_database(database))
    yield from found
    if _bad(found):
        return
    yield from (found := _asked("migrations", lambda: configuration.check_migrations(database)))
    if usable and not _bad(found):
        yield from _all(_of_the_outbox(limits))
    yield from _all(_of_the_server(database, limits))


def _of_the_outbox(limits: Limits) -> dict[str, Check]:
    return {
        "relays": lambda: relays.check_relays(limits.relay),
        "paused": publishers.check_paused,
        "breakers": publishers.check_breakers,
        "waiting": lambda: outbox.check_waiting(limits.waiting),
        "dead": outbox.check_dead,
        "leases": lambda: outbox.check_leases(limits.lease),
        "unconfigured": outbox.check_unconfigured,
    }


def _of_the_server(database: str, limits: Limits) -> dict[str, Check]:
    vendor = connections[database].vendor
    if vendor == "sqlite":
        return {"transactions": lambda: sqlite.check_transactions(database)}
    if vendor != "postgresql":
        return {}
    return {
        "snapshots": lambda: postgres.check_snapshots(database, limits.snapshot),
        "vacuum": lambda: postgres.check_vacuum(database),
        "listening": lambda: _listening(database, limits),
    }


def _listening(database: str, limits: Limits) -> Iterable[Finding]:
    if not get_settings().notify:
        return ()  # nobody listens
    return postgres.check_listening(database, timeout=limits.notification)


def _all(checks: dict[str, Check]) -> Iterator[Finding]:
    for name, check in checks.items():
        yield from _asked(name, check)


def _asked(name: str, check: Check) -> list[Finding]:
    """Return what a check finds; that it breaks down is a finding too."""
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001 - one check must not take others along
        told = f"Could not be examined: {type(error).__name__}: {in_one_line(error)}"
        return [problem(name, told, "Mend what the message names, and ask again.")]


def _bad(findings: Iterable[Finding]) -> bool:
    return any(finding.state is State.PROBLEM for finding in findings)
