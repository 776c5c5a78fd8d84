"""Checks of the settings and of the tables."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.checks import ERROR, run_checks
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from dj_actions.cli.output import count_of
from dj_actions.conf import get_settings
from dj_actions.doctor.findings import Finding, State, ok, problem
from dj_actions.exceptions import InvalidSetting

APP = "dj_actions"


def check_settings() -> Iterator[Finding]:
    """Check DJ_ACTIONS and its publishers, as `manage.py check` does."""
    messages = [message for message in run_checks(tags=[APP]) if not message.is_silenced()]
    for message in messages:
        yield Finding(
            check="settings",
            state=State.PROBLEM if message.level >= ERROR else State.WARNING,
            message=f"{message.msg} ({message.id})",
            fix=message.hint or "Correct DJ_ACTIONS in the settings.",
        )
    if not messages:
        aliases = ", ".join(get_settings().publishers)
        yield ok("settings", f"DJ_ACTIONS is valid; publishers: {aliases or 'none'}.")


def settings_are_usable() -> bool:
    """Return whether DJ_ACTIONS can be read."""
    try:
        get_settings()
    except InvalidSetting:
        return False
    return True


def check_database(database: str) -> Iterator[Finding]:
    """Check that the database responds."""
    connection = connections[database]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    yield ok("database", f"{connection.display_name} responds (database {database!r}).")


def check_migrations(database: str) -> Iterator[Finding]:
    """Check that our tables are up to date."""
    executor = MigrationExecutor(connections[database])
    targets = executor.loader.graph.leaf_nodes(APP)
    missing = [step.name for step, _ in executor.migration_plan(targets) if step.app_label == APP]
    if missing:
        yield problem(
            "migrations",
            f"{count_of(len(missing), 'migration is', 'migrations are')} not applied: "
            f"{', '.join(missing)}.",
            "Run `manage.py migrate`, then run the doctor again to check the outbox.",
        )
    else:
        yield ok("migrations", "All migrations are applied.")
