"""A crash of PostgreSQL, which loses claims: they do not wait for the disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.models import Model
from django.test.utils import override_settings
from pytest_django import DjangoDbBlocker

from dj_actions.messages import Receipt
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.claimed import Claimed
from dj_actions.policies import OnPoison
from dj_actions.states import DeliveryState
from example.launch.postgres import Postgres
from tests.fixtures.relay import delivered

pytestmark = pytest.mark.postgres

ALIAS = "crashing"

SETTINGS = {"synchronous_commit": "on", "wal_writer_delay": "10s"}
"""What does not wait for the disk is not written there for ten seconds, if nothing else is."""


@dataclass(frozen=True)
class CrashingDatabase:
    """A database whose server can crash."""

    server: Postgres

    def crash(self) -> None:
        """Let the server crash and start again."""
        self.server.crash()
        connections[ALIAS].close()
        self.server.restart()

    def add_delivery(self) -> None:
        """Put a delivery into the outbox, as its only one."""
        Delivery.objects.all().delete()
        event = ActionEvent.objects.create(
            resource="todo", action="mark_done", object_id="7", object_ids=["7"]
        )
        Delivery.objects.create(
            event=event, publisher="memory", ordering_scope="todos.todo", ordering_key="7"
        )

    def claim(self, on_poison: OnPoison | None = None) -> list[Claimed]:
        """Claim a delivery."""
        return Delivery.objects.claim("memory", limit=1, lease=60, on_poison=on_poison)

    def settle(self, claimed: Claimed) -> bool:
        """Settle a delivery; return whether its lease was still held."""
        arrived = [delivered(claimed, Receipt(id="1"))]
        return bool(Delivery.objects.mark_delivered(claimed.lease_token, arrived))

    def delivery(self) -> Delivery:
        """Return the delivery."""
        return Delivery.objects.get()


class ToCrashingDatabase:
    """Sends all queries there."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return ALIAS

    db_for_write = db_for_read


@pytest.fixture(scope="module")
def database(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[CrashingDatabase]:
    """A database on a server of its own."""
    folder = tmp_path_factory.mktemp("crashing") / "server"
    with (
        Postgres.start(folder, settings=SETTINGS) as server,
        django_db_blocker.unblock(),
        override_settings(DATABASE_ROUTERS=[ToCrashingDatabase()]),
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        parts = urlsplit(server.url())
        address = {"HOST": parts.hostname, "PORT": str(parts.port), "NAME": "postgres"}
        credentials = {"USER": parts.username, "PASSWORD": parts.password}
        settings = connections["default"].settings_dict | address | credentials
        monkeypatch.setitem(connections.settings, ALIAS, settings)
        call_command("migrate", "dj_actions", database=ALIAS, verbosity=0)
        yield CrashingDatabase(server)
        connections[ALIAS].close()
        del connections[ALIAS]


@pytest.mark.parametrize("on_poison", [None, OnPoison.PARK])
def test_a_claim_that_is_lost_is_made_again_and_its_result_refused(
    database: CrashingDatabase, on_poison: OnPoison | None
) -> None:
    database.add_delivery()
    (lost,) = database.claim(on_poison)
    database.crash()
    assert (database.delivery().state, database.delivery().attempts) == (DeliveryState.PENDING, 0)
    (again,) = database.claim(on_poison)

    assert (again.pk, again.event_id, again.attempts) == (lost.pk, lost.event_id, 1)
    assert not database.settle(lost)
    assert database.delivery().state == DeliveryState.SENDING
    assert database.settle(again)


def test_what_is_settled_survives_with_its_claim(database: CrashingDatabase) -> None:
    database.add_delivery()
    (claimed,) = database.claim()
    assert database.settle(claimed)
    database.crash()

    delivery = database.delivery()
    assert (delivery.state, delivery.attempts, delivery.receipt_id) == (
        DeliveryState.DELIVERED,
        1,
        "1",
    )
