"""The rows of the destination benchmark are compared with what was received."""

from __future__ import annotations

from typing import Any, cast

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from benchmarks.destination.backlog import Backlog, DeliveryError
from dj_actions.messages import Receipt
from dj_actions.models import Delivery
from dj_actions.states import DeliveryState
from tests.fixtures.relay import delivered

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

COUNT = 5


@pytest.fixture
def backlog() -> Backlog:
    """Return a backlog with five pending deliveries."""
    connection.ensure_connection()
    info = cast("Any", connection).connection.info
    backlog = Backlog(make_conninfo(info.dsn, password=info.password), COUNT)
    backlog.load()
    return backlog


def deliver(count: int) -> set[str]:
    """Claim and settle deliveries, and return the ids of their events."""
    claimed = Delivery.objects.claim("destination", limit=count, lease=60)
    arrived = [delivered(entry, Receipt(id=str(entry.event_id))) for entry in claimed]
    Delivery.objects.mark_delivered(claimed[0].lease_token, arrived)
    return {str(entry.event_id) for entry in claimed}


def test_a_backlog_is_pending_until_it_is_delivered(backlog: Backlog) -> None:
    backlog.verify(set())
    backlog.verify(deliver(2))


def test_what_was_received_must_be_delivered_and_the_other_way_around(backlog: Backlog) -> None:
    received = deliver(2)
    for wrong in (set(sorted(received)[:1]), received | {"another"}):
        with pytest.raises(DeliveryError, match="are 2 delivered in one attempt and 3 untried"):
            backlog.verify(wrong)


def test_a_delivery_that_is_still_claimed_is_an_error(backlog: Backlog) -> None:
    Delivery.objects.claim("destination", limit=1, lease=60)
    with pytest.raises(DeliveryError, match="4 untried ones of 5"):
        backlog.verify(set())


def test_a_second_attempt_is_an_error(backlog: Backlog) -> None:
    received = deliver(1)
    Delivery.objects.filter(state=DeliveryState.DELIVERED).update(attempts=2)
    with pytest.raises(DeliveryError, match="are 0 delivered in one attempt"):
        backlog.verify(received)


def test_each_turn_has_new_deliveries(backlog: Backlog) -> None:
    first = deliver(COUNT)
    backlog.load()
    assert not first & deliver(COUNT)
