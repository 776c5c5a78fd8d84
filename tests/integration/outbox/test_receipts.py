"""Where deliveries arrived, from a bounded number of rows; and their messages, once more."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from dj_actions.models import Delivery
from dj_actions.outbox.queries import receipts
from dj_actions.publishers.memory import outboxes
from dj_actions.relay.delivering.messages import message_of_delivery
from dj_actions.testing import drain
from example.todos.actions import BulkMarkDone, MarkDone
from example.todos.models import Todo
from tests.conftest import MakeDelivery, MakeTodo
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db


def test_only_the_newest_deliveries_are_read(
    monkeypatch: pytest.MonkeyPatch, make_delivery: MakeDelivery
) -> None:
    delivered = POSSIBLE["delivered"]
    for publisher, scope in (("memory", "a"), ("memory", "b"), ("other", "c"), ("memory", "a")):
        make_delivery(publisher=publisher, **delivered | {"receipt_scope": scope})
    make_delivery()
    assert Delivery.objects.latest_scopes("memory") == ["a", "b"]
    monkeypatch.setattr(receipts, "MAX_READ", 3)
    assert Delivery.objects.latest_scopes("memory") == ["a"]


def test_the_message_of_a_delivery_is_the_one_that_was_published(
    ann: User, todo: Todo, make_todo: MakeTodo
) -> None:
    MarkDone.run(actor=ann, object=todo, data={"note": "two"})
    BulkMarkDone.run(actor=ann, objects=[make_todo("a"), make_todo("b")], data={})
    drain()
    published = {message.id: message for message in outboxes["memory"]}
    again = [message_of_delivery(row) for row in Delivery.objects.select_related("event")]
    assert len(again) == len(published) == 2
    assert all(message == published[message.id] for message in again)
