"""Check of SQLite."""

from __future__ import annotations

from collections.abc import Iterator

from dj_actions.checks import check_database
from dj_actions.doctor.findings import Finding, ok, problem


def check_transactions(database: str) -> Iterator[Finding]:
    """Check that a transaction takes its write lock when it starts.

    Args:
        database: its alias.
    """
    messages = check_database(databases=[database])
    for message in messages:
        yield problem("transactions", str(message.msg), message.hint or "")
    if not messages:
        yield ok("transactions", "They take the write lock at once.")
