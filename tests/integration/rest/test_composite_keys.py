"""Objects whose primary key has several parts."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.shortcuts import get_object_or_404
from rest_framework.serializers import ModelSerializer
from rest_framework.test import APIClient

from dj_actions.action import Action
from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent
from dj_actions.testing import assert_recorded
from tests.conftest import Declare, Serve
from tests.fixtures.calls import BULK, post_ids
from tests.places.models import Seat

pytestmark = pytest.mark.django_db

TEXT = '["A", "7"]'


class SeatSerializer(ModelSerializer[Seat]):
    """A seat."""

    class Meta:
        model = Seat
        fields = ["row", "number", "taken"]


def take(context: ActionContext, _data: Any) -> None:
    for seat in context.objects:
        seat.taken = True
        seat.save()


def read_own_url(view: Any) -> Seat:
    """Return the seat of a URL such as `A-7`."""
    row, _, number = view.kwargs["pk"].partition("-")
    seats = view.filter_queryset(view.get_queryset())
    found: Seat = get_object_or_404(seats, row=row, number=number)
    return found


@pytest.fixture
def seats(db: None) -> list[Seat]:
    return [Seat.objects.create(row="A", number=number) for number in (7, 8)]


@pytest.fixture(params=[False, True], ids=["all or nothing", "partial"])
def bulk(request: pytest.FixtureRequest, declare: Declare, seats: list[Seat]) -> type[Action]:
    return declare(take, model=Seat, resource="seat", bulk=True, partial=request.param)


def serve_seats(serve: Serve, **attributes: Any) -> None:
    serve(queryset=Seat.objects.all(), serializer_class=SeatSerializer, **attributes)


@pytest.mark.parametrize(
    "ids", [[TEXT, '["A",8]'], [["A", "7"], ["A", 8]], [["A", 7], ["A", "8"], TEXT]]
)
def test_a_bulk_action_takes_keys_as_lists_or_as_text(
    api: APIClient, serve: Serve, bulk: type[Action], ids: Any
) -> None:
    serve_seats(serve)
    response = post_ids(api, *ids)

    assert response.status_code in {200, 207}
    assert list(Seat.objects.values_list("taken", flat=True)) == [True, True]
    assert ActionEvent.objects.get().object_ids == [TEXT, '["A", "8"]']


def test_a_viewset_reads_the_keys_of_its_own_urls(
    api: APIClient, serve: Serve, bulk: type[Action]
) -> None:
    serve_seats(serve, get_object=read_own_url)
    assert post_ids(api, "A-7").status_code in {200, 207}
    assert ActionEvent.objects.get().object_ids == [TEXT]


@pytest.mark.parametrize(
    "key",
    [
        *("1-1", "", "7", "{}", "null", "[]", '["A"]', '["A", "7", "x"]', '["A", "x"]', "\u0000"),
        *(7, True, None, {}, [], ["A"], ["A", None], ["A", True], ["A", []], [["A"], 7]),
        *(["A", 10**30], ["A", "9" * 5000], "[" * 100_000, ["\ud800", 7]),
    ],
)
def test_what_is_not_a_key_is_refused(
    api: APIClient, serve: Serve, declare: Declare, seats: list[Seat], key: Any
) -> None:
    declare(take, model=Seat, resource="seat", bulk=True)
    serve_seats(serve)
    response = api.generic("POST", BULK, json.dumps({"ids": [key]}), "application/json")

    assert (response.status_code, list(response.json())) == (400, ["ids"])


def test_a_key_that_is_not_found_is_named_as_records_have_it(
    api: APIClient, serve: Serve, declare: Declare, seats: list[Seat]
) -> None:
    declare(take, model=Seat, resource="seat", bulk=True)
    serve_seats(serve)
    response = post_ids(api, ["A", 9])

    assert (response.status_code, response.json()["detail"]) == (404, 'Not found: ["A", "9"].')


def test_an_event_is_found_by_the_key_that_the_response_shows(
    api: APIClient, serve: Serve, declare: Declare, seats: list[Seat], ann: User
) -> None:
    action = declare(take, model=Seat, resource="seat")
    serve_seats(serve, get_object=read_own_url)
    assert api.post("/things/A-7/actions/poke/").status_code == 200
    action.run(actor=ann, object=seats[0])
    call_command("run_action", "seat", "poke", "--pk", TEXT, stdout=io.StringIO())

    assert ActionEvent.objects.all().matching(object=TEXT).count() == 3
    assert_recorded(action, object=seats[0], times=3)
    assert_recorded(action, object=("A", 7), times=3)
    assert {event.object_id for event in ActionEvent.objects.all()} == {TEXT}


def test_a_request_is_repeated_by_its_idempotency_key(
    api: APIClient, serve: Serve, bulk: type[Action]
) -> None:
    serve_seats(serve)
    body, headers = {"ids": [TEXT]}, {"Idempotency-Key": "k"}
    answers = [api.post(BULK, body, format="json", headers=headers) for _ in range(2)]
    assert answers[1]["Idempotent-Replayed"] == "true"
    Seat.objects.filter(number=7).delete()

    assert api.post(BULK, body, format="json", headers=headers)["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["1-1", "(1, 1)", '["A"]', '["A", "x"]'])
def test_the_command_refuses_what_is_not_a_key(
    declare: Declare, seats: list[Seat], key: str
) -> None:
    declare(take, model=Seat, resource="seat")
    with pytest.raises(CommandError, match="not a valid primary key"):
        call_command("run_action", "seat", "poke", "--pk", key)


def test_the_schema_of_the_ids_is_that_of_text(
    api: APIClient, serve: Serve, bulk: type[Action]
) -> None:
    serve_seats(serve)
    schema = api.get("/things/actions/poke/schema/").json()

    assert schema["properties"]["ids"]["items"] == {"type": "string"}
