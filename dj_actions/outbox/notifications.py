"""Wake relays through PostgreSQL's NOTIFY and LISTEN.

See https://www.postgresql.org/docs/current/sql-notify.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from django.db import connections

from dj_actions.database import LIBPQ_KEEPALIVES

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper
    from psycopg import Connection

CHANNEL = "dj_actions"


DRIVER_MISSING = "Notifications need psycopg 3, which is not installed: relays poll instead."
DRIVER_HINT = 'Run `pip install "psycopg[binary]"`, or set DJ_ACTIONS["NOTIFY"] = False.'


def can_listen() -> bool:
    """Return whether the driver is installed that relays need to listen: psycopg 3."""
    try:
        import psycopg  # noqa: F401, PLC0415
    except ImportError:
        return False
    return True


def notify(aliases: Sequence[str], *, using: str) -> None:
    """Notify relays that deliveries are due. Call it outside a transaction.

    A transaction that notifies holds a global lock during its commit and waits for the disk.
    This one changes no data, so it commits asynchronously.

    Args:
        aliases: the publishers.
        using: alias of the database; it must be PostgreSQL.
    """
    statement = """
        SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, alias)
        FROM unnest(%s::text[]) AS alias
    """
    # The driver's own cursor: this query is not part of the request, so that tests and tools that
    # count or forbid the queries of a request do not see it.
    connection = connections[using]
    connection.ensure_connection()
    # wrap_database_errors lets Django discard a broken connection.
    with (
        connection.wrap_database_errors,
        closing(cast("Any", connection.connection).cursor()) as cursor,
    ):
        cursor.execute(statement, [CHANNEL, list(aliases)])


@contextmanager
def listening(*, using: str, channel: str = CHANNEL) -> Iterator[Connection[Any]]:
    """Open a separate connection that listens to a channel.

    Args:
        using: alias of the database; it must be PostgreSQL.
        channel: name of the channel.

    Raises:
        django.db.OperationalError: the database is unreachable; also raised within the block.
    """
    # Imported here: a project on SQLite, or on psycopg 2, does not have it.
    from psycopg import connect, sql  # noqa: PLC0415

    database = cast("DatabaseWrapper", connections[using])
    parameters = {**LIBPQ_KEEPALIVES, **database.get_connection_params()}
    # Raise Django's exceptions, although Django does not manage this connection.
    with (
        database.wrap_database_errors,
        closing(connect(**parameters, autocommit=True)) as connection,
    ):
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        yield connection
        # Behind a connection pooler, the session continues and is given to another client.
        connection.execute("UNLISTEN *")


def notification_arrives(
    *, using: str, timeout: float = 2.0, send: Callable[[str], None] | None = None
) -> bool:
    """Return whether a notification from our connection reaches another one that listens.

    A connection pooler in transaction mode accepts LISTEN without an error, and drops the
    notifications: https://www.pgbouncer.org/features.html. The connection must not be in a
    transaction: PostgreSQL sends notifications when it commits.

    Args:
        using: alias of the database; it must be PostgreSQL.
        timeout: seconds to wait for the notification.
        send: notifies a channel; by default, through our connection.
    """
    channel = f"{CHANNEL}_probe_{uuid4().hex}"
    with listening(using=using, channel=channel) as listener:
        (send or _notify_through(using))(channel)
        return any(listener.notifies(timeout=timeout, stop_after=1))


def _notify_through(using: str) -> Callable[[str], None]:
    def send(channel: str) -> None:
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [channel])

    return send
