"""The read-only API of events and their deliveries."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from dj_actions.models import ActionEvent
from tests.conftest import ClientOf, MakeDelivery, MakeEvent
from tests.fixtures.outbox import MakeSent
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db

URL = "/api/action-events/"
BACKEND = "dj_actions.publishers.memory.MemoryPublisher"


@pytest.fixture(autouse=True)
def _publishers(settings: Settings) -> None:
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {"feeds": {"BACKEND": BACKEND}, "pipelines": {"BACKEND": BACKEND}}
    }


@pytest.fixture
def staff(client_of: ClientOf, admin: User) -> APIClient:
    return client_of(admin)


@pytest.fixture
def events(make_event: MakeEvent, make_delivery: MakeDelivery) -> None:
    one = make_event(summary="one", actor_id="1", actor_label="ann")
    many = make_event(
        summary="many",
        action="bulk",
        object_id=None,
        object_ids=["7", "17"],
        actor_id="2",
        actor_label="bob",
    )
    make_event(summary="other", resource="order", object_id="70", object_ids=["70"])
    make_delivery(event=one, publisher="feeds", **POSSIBLE["dead"])
    make_delivery(event=one, publisher="pipelines", **POSSIBLE["running"])
    make_delivery(event=many, publisher="feeds")


def get(client: APIClient, **query: Any) -> Any:
    response = client.get(f"{URL}?{urlencode(query)}")
    is_json = response.get("Content-Type") == "application/json"
    return response.status_code, response.json() if is_json else None


def summaries(client: APIClient, **query: Any) -> list[str]:
    status, body = get(client, **query)
    assert status == 200
    return [entry["summary"] for entry in body["results"]]


def test_events_are_listed_with_the_newest_first(staff: APIClient, events: None) -> None:
    assert summaries(staff) == ["other", "many", "one"]


def test_an_event_has_all_that_is_known(staff: APIClient, make_delivery: MakeDelivery) -> None:
    parts = [{"id": "1", "scope": "a", "url": "http://x/1"}, {"id": "2", "scope": "b", "url": ""}]
    delivery = make_delivery(
        publisher="feeds", **POSSIBLE["running"], receipt_url="http://x/1", receipt_parts=parts
    )
    event = delivery.event
    body = staff.get(reverse("dj_actions:event-detail", args=[event.pk])).json()

    assert (body["id"], body["resource"], body["action"]) == (str(event.pk), "todo", "mark_done")
    assert (body["object_id"], body["object_ids"], body["actor"]) == ("7", ["7"], None)
    (delivery,) = body["deliveries"]
    assert (delivery["publisher"], delivery["state"], delivery["receipt_id"]) == (
        "feeds",
        "delivered",
        "1",
    )
    assert (delivery["remote_state"], delivery["receipt_url"]) == ("running", "http://x/1")
    assert delivery["receipt_parts"] == parts


def test_what_became_of_a_remote_run_is_shown(
    staff: APIClient, make_delivery: MakeDelivery
) -> None:
    failure = {"task": "write_report", "exception": "ValueError: x", "log": ["a"]}
    history = [{"state": "failed", "detail": "x", "at": "2026-01-01T00:00:00+00:00"}]
    failed = make_delivery(
        **POSSIBLE["succeeded"]
        | {"remote_state": "failed", "remote_history": history}
        | {"remote_report": {"failure": failure, "duration": 3.5, "ended_at": "2026"}}
    )
    waiting = make_delivery(
        event=failed.event,
        publisher="other",
        **POSSIBLE["running"],
        remote_report={"hint": "It is paused."},
    )
    body = staff.get(reverse("dj_actions:event-detail", args=[waiting.event_id])).json()
    found, running = sorted(body["deliveries"], key=lambda entry: int(entry["id"]))

    assert (found["remote_failure"], found["remote_history"]) == (failure, history)
    assert (found["remote_duration"], found["remote_result"], found["remote_hint"]) == (
        *(3.5, None),
        "",
    )
    assert (running["remote_hint"], running["remote_failure"]) == ("It is paused.", None)


def test_an_event_names_its_actor(staff: APIClient, make_event: MakeEvent) -> None:
    make_event(actor_id="1", actor_label="ann")

    assert get(staff)[1]["results"][0]["actor"] == {"id": "1", "label": "ann"}


def test_nothing_is_shown_with_which_a_client_could_settle_a_delivery(
    staff: APIClient, make_delivery: MakeDelivery
) -> None:
    make_delivery(**POSSIBLE["sending"])

    assert "lease" not in staff.get(URL).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"resource": "todo"}, ["many", "one"]),
        ({"action": "bulk"}, ["many"]),
        ({"object": "7"}, ["many", "one"]),
        ({"object": "17"}, ["many"]),
        ({"actor": "1"}, ["one"]),
        ({"actor": "bob"}, ["many"]),
        ({"outcome": "failed"}, []),
        ({"outcome": "succeeded", "object": "17"}, ["many"]),
        ({"publisher": "pipelines"}, ["one"]),
        ({"state": "dead"}, ["one"]),
        ({"remote_state": "running"}, ["one"]),
        ({"resource": "todo", "object": "7", "state": "pending"}, ["many"]),
        ({"resource": "nothing"}, []),
    ],
)
def test_filters_narrow_the_list(
    staff: APIClient, events: None, query: dict[str, str], found: list[str]
) -> None:
    assert summaries(staff, **query) == found


def test_filters_of_a_delivery_must_fit_one_and_the_same(staff: APIClient, events: None) -> None:
    assert summaries(staff, publisher="feeds", state="dead") == ["one"]
    assert summaries(staff, publisher="pipelines", state="dead") == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"stat": "dead"}, {"stat": ["Unknown filter. Did you mean 'state'?"]}),
        ({"xyz": "1"}, {"xyz": ["Unknown filter."]}),
        (
            {"state": "died"},
            {"state": ["'died' is not one of pending, sending, delivered, dead, cancelled."]},
        ),
        (
            {"state": ""},
            {"state": ["'' is not one of pending, sending, delivered, dead, cancelled."]},
        ),
        (
            {"remote_state": "dead"},
            {"remote_state": ["'dead' is not one of untracked, running, succeeded, failed, lost."]},
        ),
        (
            {"publisher": "feed"},
            {"publisher": ["Unknown publisher 'feed'. Did you mean 'feeds'?"]},
        ),
    ],
)
def test_what_is_unknown_is_refused_with_the_nearest(
    staff: APIClient, query: dict[str, str], said: dict[str, list[str]]
) -> None:
    assert get(staff, **query) == (400, said)


def test_deliveries_of_a_publisher_that_was_removed_are_still_shown(
    staff: APIClient, make_delivery: MakeDelivery
) -> None:
    make_delivery(publisher="removed")

    assert get(staff)[1]["results"][0]["deliveries"][0]["publisher"] == "removed"


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("ann", 403), ("admin", 200)])
def test_only_staff_may_look(
    client_of: ClientOf,
    make_event: MakeEvent,
    request: pytest.FixtureRequest,
    who: str | None,
    status: int,
) -> None:
    client = client_of(request.getfixturevalue(who) if who else None)

    assert client.get(URL).status_code == status
    assert client.get(f"{URL}{make_event().pk}/").status_code == status


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(staff: APIClient, make_event: MakeEvent, method: str) -> None:
    event = make_event()
    for url in (URL, f"{URL}{event.pk}/"):
        assert staff.generic(method, url).status_code == 405

    assert ActionEvent.objects.get() == event


@pytest.mark.parametrize("pk", ["0190a000-0000-7000-8000-000000000000", "7", "x", "%00"])
def test_an_event_that_is_not_there_is_not_found(staff: APIClient, pk: str) -> None:
    assert staff.get(f"{URL}{pk}/").status_code == 404


def test_pages_follow_each_other_without_gap_or_overlap(
    staff: APIClient, make_event: MakeEvent
) -> None:
    for number in range(5):
        make_event(summary=str(number))
    url, seen = f"{URL}?page_size=2&resource=todo", []
    while url:
        body = staff.get(url).json()
        seen += [entry["summary"] for entry in body["results"]]
        url = body["next"]

    assert seen == ["4", "3", "2", "1", "0"]


def test_a_page_stays_as_it_is_while_new_events_arrive(
    staff: APIClient, make_event: MakeEvent
) -> None:
    for number in range(3):
        make_event(summary=str(number))
    after = staff.get(f"{URL}?page_size=2").json()["next"]
    make_event(summary="new")

    assert [entry["summary"] for entry in staff.get(after).json()["results"]] == ["0"]


@pytest.mark.parametrize("size", ["0", "-1", "x", "9" * 30, "501", "", "1.5"])
def test_any_page_size_gets_a_response(staff: APIClient, events: None, size: str) -> None:
    status, body = get(staff, page_size=size)

    assert (status, len(body["results"])) == (200, 3)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "",
        "\x00",
        "ü",
        encoded("p=x"),
        encoded("p=7"),
        encoded("p=\x00"),
        encoded("p=%00"),
        encoded("o=x&p=x"),
        encoded("o=-1&r=1"),
        encoded("o=999999999999999999999&p=0190a000-0000-7000-8000-000000000000"),
        encoded("r=1&p=x"),
        encoded("\ufffd"),
        "a" * 5000,
    ],
    ids=range(14),
)
def test_a_made_up_cursor_never_breaks_the_server(
    staff: APIClient, events: None, cursor: str
) -> None:
    assert get(staff, cursor=cursor)[0] in {200, 400, 404}


@pytest.mark.parametrize("name", ["resource", "action", "object", "actor"])
@pytest.mark.parametrize(
    "value", ["\x00", "a\x00b", "", "'", '"', "%", "\\", "\U0001f600", "x" * 5000, "[", '{"a":1}']
)
def test_any_string_can_be_a_filter(staff: APIClient, events: None, name: str, value: str) -> None:
    assert get(staff, **{name: value})[0] in {200, 400}


@pytest.mark.parametrize(
    "query",
    [
        "object=%ED%A0%80",
        "actor=%FF",
        "%00=1",
        "state[]=dead",
        "=",
        "&&&",
        "a" * 5000,
    ],
)
def test_an_odd_query_never_breaks_the_server(staff: APIClient, events: None, query: str) -> None:
    assert staff.get(f"{URL}?{query}").status_code in {200, 400}


def test_a_filter_given_twice_is_not_half_obeyed(staff: APIClient, events: None) -> None:
    response = staff.get(f"{URL}?state=dead&state=pending")

    assert response.status_code == 400
    assert list(response.json()) == ["state"]


def test_the_number_of_queries_is_constant(
    staff: APIClient,
    make_delivery: MakeDelivery,
    make_event: MakeEvent,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(10):
        event = make_event()
        make_delivery(event=event, publisher="feeds")
        make_delivery(event=event, publisher="pipelines")

    with django_assert_num_queries(2):
        assert len(summaries(staff)) == 10


def test_failures_and_parts_can_be_requested(staff: APIClient, make_event: MakeEvent) -> None:
    whole = make_event(summary="whole")
    make_event(summary="part", parent=whole)
    make_event(summary="refused", status_code=403)

    assert summaries(staff, outcome="failed") == ["refused"]
    assert summaries(staff, outcome="succeeded") == ["part", "whole"]
    assert summaries(staff, parent=str(whole.pk)) == ["part"]
    assert get(staff, outcome="maybe")[0] == 400
    assert get(staff, parent="x") == (400, {"parent": ["'x' is not a valid event id."]})


def test_a_delivery_has_its_attempts(staff: APIClient, make_sent: MakeSent) -> None:
    failed = {"at": "2026-01-02T03:04:05+00:00", "attempt": 1, "kind": "x", "message": "no"}
    delivery = make_sent(took=0.5, errors=[failed | {"status": 503, "counted": False}])
    (shown,) = staff.get(f"{URL}{delivery.event_id}/").json()["deliveries"]

    first, second = shown["attempt_log"]
    assert first == {
        "number": 1,
        "started_at": "2026-01-02T03:04:05Z",
        "seconds": None,
        "kind": "x",
        "message": "no",
        "status": 503,
        "relay": "",
        "is_counted": False,
        "times": 1,
    }
    assert (second["kind"], second["seconds"], second["relay"]) == ("delivered", 0.5, "web-1:4711")
    assert second["started_at"] == shown["first_sent_at"]
