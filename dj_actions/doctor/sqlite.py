"""Check of a SQLite database."""

from __future__ import annotations

from collections.abc import Iterator

from dj_actions.checks import check_database
from dj_actions.doctor.findings import Finding, ok, problem


def check_transactions(database: str) -> Iterator[Finding]:
    """Check that transactions acquire the write lock when they start.

    Args:
        database: alias of the database.
    """
    messages = check_database(databases=[database])
    for message in messages:
        yield problem("transactions", str(message.msg), message.hint or "")
    if not messages:
        yield ok("transactions", "Transactions acquire the write lock when they start.")
