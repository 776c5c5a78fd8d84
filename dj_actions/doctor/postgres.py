"""Checks of PostgreSQL: what makes an outbox slow that was fast, and what keeps a relay waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.apps import apps

from dj_actions.doctor import queries
from dj_actions.doctor.findings import Finding, counted, ok, spoken, warning
from dj_actions.outbox.notifications import notification_arrives

DEAD_ROWS = 10_000
"""So many dead rows of one table are nothing to tell."""

DEAD_SHARE = 0.5
"""Dead rows per live one from which autovacuum, which begins at 0.2, has fallen behind."""


def check_snapshots(database: str, max_age: float) -> Iterator[Finding]:
    """Check that nobody keeps PostgreSQL from removing dead rows.

    Args:
        database: its alias.
        max_age: seconds a snapshot may be held.
    """
    held = queries.held_snapshots(using=database, seconds=max_age)
    for snapshot in held:
        since = "" if snapshot.age is None else f" for {spoken(snapshot.age)}"
        begun = counted(snapshot.transactions, "transaction", "transactions")
        yield warning(
            "snapshots",
            f"The {snapshot.holder} holds a snapshot{since}, {begun} long: dead rows stay, and "
            "the outbox becomes slow.",
            f"End what it does, or `{snapshot.remedy}`. The settings "
            "idle_in_transaction_session_timeout and statement_timeout prevent it.",
        )
    if not held:
        yield ok("snapshots", f"None is older than {spoken(max_age)}.{_unseen(database)}")


def _unseen(database: str) -> str:
    hidden = queries.count_hidden_sessions(using=database)
    if not hidden:
        return ""
    sessions = counted(hidden, "session of another role", "sessions of other roles")
    return f" Not seen: {sessions}; GRANT pg_read_all_stats shows them."


def check_vacuum(database: str, *, dead_rows: int = DEAD_ROWS) -> Iterator[Finding]:
    """Check that autovacuum keeps up with our tables.

    Args:
        database: its alias.
        dead_rows: how many a table may have whatever its size.
    """
    tables = [model._meta.db_table for model in apps.get_app_config("dj_actions").get_models()]
    known = queries.table_health(tables, using=database)
    fine = bool(known)
    for table in known:
        name = table.table
        if not table.is_vacuumed:
            fine = False
            yield warning(
                "vacuum",
                f"Autovacuum is off for {name}.",
                f"ALTER TABLE {name} RESET (autovacuum_enabled), and `autovacuum = on`.",
            )
        if table.dead_rows > max(dead_rows, DEAD_SHARE * table.live_rows):
            fine = False
            moment = table.vacuumed_at
            last = f"vacuumed last at {moment:%Y-%m-%d %H:%M} UTC" if moment else "never vacuumed"
            yield warning(
                "vacuum",
                f"{name}: {table.dead_rows} dead rows, {table.live_rows} live ones, {last}.",
                f"End old snapshots, then VACUUM (ANALYZE) {name}; let autovacuum come sooner.",
            )
    if fine:
        yield ok("vacuum", "Autovacuum keeps up with our tables.")


def check_listening(
    database: str, *, timeout: float, send: Callable[[str], None] | None = None
) -> Iterator[Finding]:
    """Check that a relay's LISTEN hears what others NOTIFY.

    Args:
        database: its alias.
        timeout: seconds until a notification has to arrive.
        send: how to notify a channel, if not through our connection.
    """
    if notification_arrives(using=database, timeout=timeout, send=send):
        yield ok("listening", "Notifications arrive.")
    else:
        yield warning(
            "listening",
            f"A notification did not arrive within {timeout:g} s: a pooler swallows LISTEN; "
            "the relay polls.",
            "Let the relay connect to PostgreSQL itself, or through a pool in session mode.",
        )
