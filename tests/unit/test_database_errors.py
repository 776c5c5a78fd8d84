"""Which errors of a database concern another transaction."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from django.db import IntegrityError, OperationalError

from dj_actions.database import is_concurrent_change


def wrapped(error: Exception) -> OperationalError:
    """Return Django's error for one of the driver."""
    found = OperationalError(*error.args)
    found.__cause__ = error
    return found


def test_a_database_file_that_another_connection_has_locked(tmp_path: Path) -> None:
    first, second = (
        sqlite3.connect(tmp_path / "x", timeout=0, isolation_level=None) for _ in range(2)
    )
    first.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as locked:
        second.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as unknown:
        second.execute("SELECT * FROM nothing")
    first.close()
    second.close()

    assert is_concurrent_change(wrapped(locked.value))
    assert not is_concurrent_change(wrapped(unknown.value))


@pytest.mark.parametrize("error", [OperationalError("x"), IntegrityError("x"), ValueError("x")])
def test_other_errors(error: Exception) -> None:
    assert not is_concurrent_change(error)
