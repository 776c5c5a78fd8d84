"""Wake others, and be woken: PostgreSQL's NOTIFY and LISTEN.

See https://www.postgresql.org/docs/current/sql-notify.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from django.db import connections

from dj_actions.database import NOTICING_DEAD_PEERS

if TYPE_CHECKING:
    from django.db.backends.postgresql.base import DatabaseWrapper
    from psycopg import Connection

CHANNEL = "dj_actions"


def notify(aliases: Sequence[str], *, using: str) -> None:
    """Tell relays that there is something for these publishers. Call it outside a transaction.

    A transaction that notifies waits for its turn to commit, and for the disk: this one, which
    changes nothing, does not wait for the disk.

    Args:
        aliases: the publishers.
        using: alias of the database, a PostgreSQL.
    """
    statement = """
        SELECT set_config('synchronous_commit', 'off', true), pg_notify(%s, alias)
        FROM unnest(%s::text[]) AS alias
    """
    # The driver's own cursor: this is no query of the request, and whoever counts or refuses
    # those has nothing to do with it.
    connection = connections[using]
    connection.ensure_connection()
    # Told of an error, Django makes sure that nobody gets a connection that is dead.
    with (
        connection.wrap_database_errors,
        closing(cast("Any", connection.connection).cursor()) as cursor,
    ):
        cursor.execute(statement, [CHANNEL, list(aliases)])


@contextmanager
def listening(*, using: str, channel: str = CHANNEL) -> Iterator[Connection[Any]]:
    """Yield a connection of its own that listens.

    Args:
        using: alias of the database, a PostgreSQL.
        channel: what it listens to.

    Raises:
        django.db.OperationalError: the database is away; also within the block.
    """
    # Only here: a project on SQLite has no psycopg.
    from psycopg import connect, sql  # noqa: PLC0415

    database = cast("DatabaseWrapper", connections[using])
    parameters = {**NOTICING_DEAD_PEERS, **database.get_connection_params()}
    # Django's errors, also of a connection that Django does not know.
    with (
        database.wrap_database_errors,
        closing(connect(**parameters, autocommit=True)) as connection,
    ):
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        yield connection
        # Through a pooler, the session goes on and belongs to others next.
        connection.execute("UNLISTEN *")


def notification_arrives(
    *, using: str, timeout: float = 2.0, send: Callable[[str], None] | None = None
) -> bool:
    """Tell whether a notification from our connection reaches a second one that listens.

    A pooler that gives each transaction another server connection takes the LISTEN, says that
    all is well, and drops what comes: https://www.pgbouncer.org/features.html. The connection
    must not be in a transaction: PostgreSQL notifies when it commits.

    Args:
        using: alias of the database, a PostgreSQL.
        timeout: seconds to wait for the notification.
        send: how to notify a channel, if not through our connection.
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
