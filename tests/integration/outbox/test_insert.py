"""An event and its deliveries are inserted in one statement."""

from __future__ import annotations

from typing import Any

import pytest

from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import NewDelivery, insert_event
from tests.conftest import MakeDelivery, MakeEvent

pytestmark = pytest.mark.django_db


def columns_of(entry: Any) -> dict[str, Any]:
    """Return the columns of a row without its keys and times."""
    own = {"id", "event_id", "publisher", "created_at", "queued_at", "available_at"}
    return {
        field.attname: getattr(entry, field.attname)
        for field in entry._meta.concrete_fields
        if field.attname not in own
    }


def test_an_inserted_event_equals_one_saved_by_the_model(
    make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    filled = {
        "actor_id": "1",
        "actor_label": "ünï",
        "request_data": {"a": ["ü", None, 1.5]},
        "response_data": [1],
        "summary": "% %s 'quoted'",
        "recipients": ["user:1"],
        "extra": {"when": "x"},
        "parent_id": make_event().pk,
        "idempotency_key": "k",
        "fingerprint": "f" * 64,
    }
    expected = make_delivery(event=make_event(**filled), publisher="a")
    event = ActionEvent(
        resource="todo",
        action="other",
        object_id="7",
        object_ids=["7"],
        **filled,
    )
    new = [NewDelivery(publisher="a"), NewDelivery(publisher="b")]
    insert_event(event, new, Delivery, using="default")

    written = ActionEvent.objects.get(pk=event.pk)
    assert written.created_at == event.created_at
    assert columns_of(written) == columns_of(expected.event) | {"action": "other"}
    for delivery in event.deliveries.all():
        expected.refresh_from_db()
        assert columns_of(delivery) == columns_of(expected)
        assert delivery.queued_at is not None
    assert sorted(event.deliveries.values_list("publisher", flat=True)) == ["a", "b"]


def test_an_event_may_have_no_deliveries() -> None:
    event = ActionEvent(resource="todo", action="mark_done")
    insert_event(event, (), Delivery, using="default")

    assert (ActionEvent.objects.get(), Delivery.objects.count()) == (event, 0)
    event.summary = "changed"
    event.save()
    assert ActionEvent.objects.get().summary == "changed"
