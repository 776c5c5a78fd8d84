"""Advisory locks: locks on a name instead of a row, held until the transaction ends.

SQLite needs none: it allows one writing transaction at a time.
"""

from __future__ import annotations

from hashlib import blake2b

from django.db import connections


def try_lock(name: str, *, using: str) -> bool:
    """Take a lock, or return False if another transaction holds it.

    Args:
        name: name of the lock.
        using: alias of the database.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_number_of(name)])
        (is_locked,) = cursor.fetchone()
    return bool(is_locked)


def lock(name: str, *, using: str) -> None:
    """Take a lock; wait while another transaction holds it.

    Args:
        name: name of the lock.
        using: alias of the database.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number_of(name)])


def _number_of(name: str) -> int:
    # https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
