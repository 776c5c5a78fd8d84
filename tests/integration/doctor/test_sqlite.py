"""The check of how SQLite begins its transactions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from dj_actions.doctor import State, sqlite
from tests.integration.doctor.conftest import only


@pytest.fixture
def own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The alias of a database in a file, with the options of a test."""
    settings: dict[str, Any] = connections["default"].settings_dict | {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(tmp_path / "own.sqlite3"),
        "OPTIONS": request.param,
    }
    monkeypatch.setitem(connections.settings, "own", settings)
    monkeypatch.setattr("django.db.router.db_for_write", lambda model: "own")
    yield "own"
    del connections["own"]


@pytest.mark.parametrize("own_file", [{"transaction_mode": "IMMEDIATE"}], indirect=True)
def test_transactions_that_lock_at_once_are_fine(own_file: str) -> None:
    assert only(sqlite.check_transactions(own_file)).state is State.OK


@pytest.mark.parametrize("own_file", [{}, {"transaction_mode": "DEFERRED"}], indirect=True)
def test_transactions_that_lock_later_are_a_problem(own_file: str) -> None:
    finding = only(sqlite.check_transactions(own_file))

    assert finding.state is State.PROBLEM
    assert "opens deferred transactions" in finding.message
    assert "'transaction_mode': 'IMMEDIATE'" in finding.fix
