"""What is asked of the database itself, not of a table: its clock, and locks that are no rows."""

from __future__ import annotations

from hashlib import blake2b

from django.db import connections


def try_lock(name: str, *, using: str) -> bool:
    """Take a lock that lasts until the transaction ends; False if another transaction has it.

    SQLite needs none: there a writing transaction is alone.

    Args:
        name: what is locked; any text.
        using: alias of the database.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_number_of(name)])
        (taken,) = cursor.fetchone()
    return bool(taken)


def lock(name: str, *, using: str) -> None:
    """Take a lock that lasts until the transaction ends, as soon as no other transaction has it.

    Args:
        name: what is locked; any text.
        using: alias of the database.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number_of(name)])


def _number_of(name: str) -> int:
    # https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
