"""Finding events by what they are about."""

from __future__ import annotations

import pytest

from dj_actions.models import ActionEvent
from tests.conftest import MakeDelivery, MakeEvent
from tests.integration.outbox.test_records import POSSIBLE, RUNNING

pytestmark = pytest.mark.django_db


def labels(**wanted: str) -> list[str]:
    """Return the summaries of the events that match, sorted."""
    return sorted(event.summary for event in ActionEvent.objects.matching(**wanted))


@pytest.fixture
def events(make_event: MakeEvent, make_delivery: MakeDelivery) -> None:
    one = make_event(summary="one", actor_id="1", actor_label="ann")
    many = make_event(
        summary="many", action="bulk", object_id=None, object_ids=["7", "17"], actor_label="bob"
    )
    make_event(summary="other", resource="order", object_id="70", object_ids=["70"])
    make_delivery(event=one, publisher="feeds", **POSSIBLE["dead"])
    make_delivery(event=one, publisher="pipelines", **RUNNING)
    make_delivery(event=many, publisher="feeds")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["many", "one", "other"]),
        ({"resource": "todo"}, ["many", "one"]),
        ({"action": "bulk"}, ["many"]),
        ({"resource": "order", "action": "bulk"}, []),
        ({"object": "7"}, ["many", "one"]),
        ({"object": "17"}, ["many"]),
        ({"object": "70"}, ["other"]),
        ({"object": "1"}, []),
        ({"object": ""}, []),
        ({"actor": "1"}, ["one"]),
        ({"actor": "ann"}, ["one"]),
        ({"actor": "bob"}, ["many"]),
        ({"actor": "unknown"}, []),
        ({"publisher": "feeds"}, ["many", "one"]),
        ({"state": "dead"}, ["one"]),
        ({"remote_state": "running"}, ["one"]),
        ({"publisher": "feeds", "state": "dead"}, ["one"]),
        ({"publisher": "pipelines", "state": "dead"}, []),
        ({"publisher": "feeds", "remote_state": "running"}, []),
        ({"object": "7", "state": "pending"}, ["many"]),
    ],
)
def test_events_are_found(events: None, wanted: dict[str, str], found: list[str]) -> None:
    assert labels(**wanted) == found


@pytest.mark.parametrize(
    "hostile", ["%", "_", '"', "\\", '7"]', '["7"]', "a,b", "ü", "\U0001f600", "a'b", "A"]
)
def test_objects_of_a_bulk_event_are_found_by_their_whole_key(
    make_event: MakeEvent, hostile: str
) -> None:
    make_event(object_id=None, object_ids=["x", hostile], summary="it")
    make_event(object_id=None, object_ids=[f"{hostile}x", f"x{hostile}", hostile.swapcase() + "y"])

    assert labels(object=hostile) == ["it"]


def test_keys_of_a_bulk_event_differ_by_case(make_event: MakeEvent) -> None:
    make_event(object_id=None, object_ids=["abc"], summary="lower")
    make_event(object_id=None, object_ids=["ABC"], summary="upper")

    assert labels(object="abc") == ["lower"]
