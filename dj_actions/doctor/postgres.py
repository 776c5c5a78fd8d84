"""Checks of PostgreSQL: bloat of our tables, its causes, and notifications."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.apps import apps

from dj_actions.cli.output import count_of, display, duration
from dj_actions.doctor import postgres_statistics as statistics
from dj_actions.doctor.findings import Finding, ok, warning
from dj_actions.outbox.notifications import notification_arrives
from dj_actions.outbox.times import aware

MIN_DEAD_ROWS = 10_000
"""Dead rows of a table that are not reported, regardless of its size."""

MAX_DEAD_SHARE = 0.5
"""Dead rows per live row; autovacuum starts at 0.2, so it has fallen behind above this."""


def check_snapshots(database: str, max_age: float) -> Iterator[Finding]:
    """Check for old snapshots, which keep PostgreSQL from removing dead rows.

    Args:
        database: alias of the database.
        max_age: maximum age of a snapshot in seconds.
    """
    held = statistics.held_snapshots(using=database, seconds=max_age)
    for snapshot in held:
        transactions = count_of(snapshot.transactions, "transaction", "transactions")
        has_age = snapshot.age is not None
        age = f"{duration(snapshot.age)} old ({transactions})" if has_age else f"{transactions} old"
        yield warning(
            "snapshots",
            f"The {snapshot.holder} holds a snapshot that is {age}: dead rows cannot be removed, "
            "and the outbox becomes slow.",
            f"End it, or run `{snapshot.remedy}`. The settings "
            "idle_in_transaction_session_timeout and statement_timeout prevent it.",
        )
    if not held:
        hidden = _hidden_sessions(database)
        yield ok("snapshots", f"No snapshot older than {duration(max_age)}.{hidden}")


def _hidden_sessions(database: str) -> str:
    hidden = statistics.count_hidden_sessions(using=database)
    if not hidden:
        return ""
    sessions = count_of(hidden, "session of another role", "sessions of other roles")
    return f" Not visible: {sessions}; GRANT pg_read_all_stats to see them."


def check_connections(database: str, *, needed: int) -> Iterator[Finding]:
    """Check that PostgreSQL has enough connections for another relay.

    Args:
        database: alias of the database.
        needed: connections that a relay takes.
    """
    free = statistics.free_connections(using=database)
    message = f"A relay takes {count_of(needed, 'connection', 'connections')}; {free} are free."
    if free >= needed:
        yield ok("connections", message)
    else:
        yield warning(
            "connections",
            message,
            "Raise max_connections, or the CONNECTION LIMIT of the role or the database; or let "
            "each relay serve fewer publishers, see `run_relay --publisher`.",
        )


def check_vacuum(database: str, *, dead_rows: int = MIN_DEAD_ROWS) -> Iterator[Finding]:
    """Check that autovacuum keeps up with our tables.

    Args:
        database: alias of the database.
        dead_rows: dead rows that a table may have regardless of its size.
    """
    tables = [model._meta.db_table for model in apps.get_app_config("dj_actions").get_models()]
    health = statistics.table_health(tables, using=database)
    fine = bool(health)
    for table in health:
        name = table.table
        if not table.is_vacuumed:
            fine = False
            yield warning(
                "vacuum",
                f"Autovacuum is off for {name}.",
                f"Run ALTER TABLE {name} RESET (autovacuum_enabled), and set autovacuum = on.",
            )
        if table.dead_rows > max(dead_rows, MAX_DEAD_SHARE * table.live_rows):
            fine = False
            moment = table.vacuumed_at and aware(table.vacuumed_at, using=database)
            last = f"last vacuumed at {display(moment)} UTC" if moment else "never vacuumed"
            yield warning(
                "vacuum",
                f"{name}: {table.dead_rows} dead rows, {table.live_rows} live rows, {last}.",
                f"End old snapshots, then run VACUUM (ANALYZE) {name}. Lower "
                "autovacuum_vacuum_scale_factor for the table if this recurs.",
            )
    if fine:
        yield ok("vacuum", "Autovacuum keeps up with our tables.")


def check_listening(
    database: str, *, timeout: float, send: Callable[[str], None] | None = None
) -> Iterator[Finding]:
    """Check that LISTEN receives the notifications of other sessions.

    Args:
        database: alias of the database.
        timeout: seconds within which a notification must arrive.
        send: sends a notification on a channel; None for our own connection.
    """
    if notification_arrives(using=database, timeout=timeout, send=send):
        yield ok("listening", "Notifications arrive.")
    else:
        yield warning(
            "listening",
            f"A notification did not arrive within {timeout:g} s: LISTEN does not work through a "
            "transaction pooler. Relays poll instead.",
            "Connect relays to PostgreSQL directly, or through a pool in session mode.",
        )
