"""The check of snapshots held by prepared transactions, on its own server that allows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from dj_actions.doctor import State, postgres
from example.launch import postgres as launch
from tests.integration.doctor.conftest import only

pytestmark = pytest.mark.postgres


@pytest.fixture
def own_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """The alias of a database on that server."""
    monkeypatch.setitem(launch.SETTINGS, "max_prepared_transactions", "2")
    with launch.Postgres.start(tmp_path / "server") as server, django_db_blocker.unblock():
        parts = urlsplit(server.url())
        address = {"HOST": parts.hostname, "PORT": str(parts.port), "NAME": "postgres"}
        credentials = {"USER": parts.username, "PASSWORD": parts.password}
        settings = connections["default"].settings_dict | address | credentials
        monkeypatch.setitem(connections.settings, "own", settings)
        yield "own"
        connections["own"].close()
        del connections["own"]


def test_it_is_named_until_it_ends(own_server: str) -> None:
    assert only(postgres.check_snapshots(own_server, 0)).state is State.OK
    with connections[own_server].cursor() as cursor:
        cursor.execute("BEGIN; CREATE TABLE things (); PREPARE TRANSACTION 'half done'")
        finding = only(postgres.check_snapshots(own_server, 0))

        assert finding.state is State.WARNING
        assert "prepared transaction 'half done' (postgres) holds a snapshot" in finding.message
        assert "`ROLLBACK PREPARED 'half done'`" in finding.fix

        cursor.execute("ROLLBACK PREPARED 'half done'")
        assert only(postgres.check_snapshots(own_server, 0)).state is State.OK
