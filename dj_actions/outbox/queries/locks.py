"""Advisory locks: locks on a name instead of a row, held until the transaction ends.

A name is one of the schema that the connection works in: PostgreSQL's locks are the database's,
while each tenant may have a schema, with tables and thus names, of its own.

SQLite needs none: it allows one writing transaction at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from django.db import connections

NUMBER = (
    "('x' || left(encode(sha256(convert_to(coalesce(current_schema(), '') || ':' || %s, 'UTF8')),"
    " 'hex'), 16))::bit(64)::bigint"
)
"""SQL of the number that stands for a name:
https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS."""


def try_locks(names: Sequence[str], *, using: str) -> bool:
    """Take locks, or return False if another transaction holds one of them.

    Those that were free are held until the transaction ends, in that case too.

    Args:
        names: names of the locks.
        using: alias of the database.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        return True
    attempts = ", ".join([f"pg_try_advisory_xact_lock({NUMBER})"] * len(names))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {attempts}", [_digest(name) for name in names])
        return all(cursor.fetchone())


def try_lock(name: str, *, using: str) -> bool:
    """Take a lock, or return False if another transaction holds it.

    Args:
        name: name of the lock.
        using: alias of the database.
    """
    return try_locks([name], using=using)


def lock(name: str, *, using: str) -> None:
    """Take a lock; wait while another transaction holds it.

    Args:
        name: name of the lock.
        using: alias of the database.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock({NUMBER})", [_digest(name)])


def _digest(name: str) -> str:
    # Hashed here: a name may contain a client's credentials, and the server logs its statements.
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
