"""The event that led to a request is named in a header, and found in the API of events."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from dj_actions.identifiers import uuid7
from dj_actions.models import ActionEvent
from dj_actions.testing import captured
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, MakeEvent, Serve
from tests.fixtures.machine_tokens import Machine

pytestmark = pytest.mark.django_db

EVENTS = "/api/action-events/"


def url_of(todo: Todo, action: str = "mark_done") -> str:
    return f"/todos/{todo.pk}/actions/{action}/"


def call(client: APIClient, todo: Todo, parent: Any, **headers: str) -> Any:
    sent = {"DJ-Actions-Parent": str(parent), "accept": "application/problem+json", **headers}
    return client.post(url_of(todo), headers=sent)


def test_an_event_has_the_one_that_led_to_it(api: APIClient, todo: Todo) -> None:
    first = api.post(url_of(todo))["Action-Event"]
    second = call(api, todo, first)["Action-Event"]
    third = call(api, todo, second)["Action-Event"]

    events = [ActionEvent.objects.get(pk=pk) for pk in (first, second, third)]
    assert [str(event.parent_id) for event in events] == ["None", first, second]
    assert [str(event.chain) for event in events] == [first] * 3
    assert [event.depth for event in events] == [0, 1, 2]


def test_a_machine_names_the_event_of_its_run(machine: Machine, todo: Todo) -> None:
    client = machine("todo.mark_done")
    parent = client.post(url_of(todo))["Action-Event"]

    assert call(client, todo, parent).status_code == 200
    assert ActionEvent.objects.matching(parent=parent).get().depth == 1


def test_a_parent_that_is_not_known_is_kept(api: APIClient, todo: Todo) -> None:
    """It may have been archived, or belong to another system."""
    parent = uuid7()
    assert call(api, todo, parent).status_code == 200

    event = ActionEvent.objects.get()
    assert (event.parent_id, event.root, event.depth) == (parent, parent, 1)


@pytest.mark.parametrize(
    "parent",
    [
        *("", " ", "x", "7", "0" * 32, "{id}, {id}", "{id} {id}", "{{{id}}}", "urn:uuid:{id}"),
        *("{id}x", "{id}\n", "ü", "\0", "' OR 1=1", "x" * 5000),
    ],
)
def test_a_malformed_parent_is_refused(api: APIClient, todo: Todo, parent: str) -> None:
    response = call(api, todo, parent.format(id=uuid4()))

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "#/DJ-Actions-Parent"
    assert len(response.content) < 1000
    assert not Todo.objects.get().done
    event = ActionEvent.objects.get()
    assert (event.status_code, event.parent_id) == (400, None)


def test_the_case_of_a_parent_does_not_matter(api: APIClient, todo: Todo) -> None:
    parent = uuid7()

    assert call(api, todo, str(parent).upper()).status_code == 200
    assert ActionEvent.objects.get().parent_id == parent


def test_a_parent_grants_nothing(
    client_of: ClientOf, api: APIClient, bob: User, todo: Todo
) -> None:
    parent = api.post(url_of(todo))["Action-Event"]

    assert call(client_of(bob), todo, parent).status_code == 403
    assert call(client_of(None), todo, parent).status_code == 401


def test_a_refused_call_has_its_parent_too(
    client_of: ClientOf, api: APIClient, bob: User, todo: Todo
) -> None:
    parent = api.post(url_of(todo))["Action-Event"]
    call(client_of(bob), todo, parent)

    event = ActionEvent.objects.failed().get()
    assert (str(event.parent_id), str(event.root), event.depth) == (parent, parent, 1)


def test_a_client_that_nothing_identifies_continues_no_chain(
    client_of: ClientOf, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare()
    serve(authentication_classes=[])
    url = f"/things/{todo.pk}/actions/poke/"
    client = client_of(None)

    assert client.post(url).status_code == 200
    response = client.post(url, headers={"DJ-Actions-Parent": str(uuid7())})
    assert (response.status_code, list(response.json())) == (400, ["DJ-Actions-Parent"])


def test_a_repeated_request_gets_the_first_response_whatever_its_parent(
    api: APIClient, todo: Todo
) -> None:
    key = {"Idempotency-Key": "k"}
    first = call(api, todo, uuid7(), **key)
    again = call(api, todo, uuid7(), **key)

    assert again["Idempotent-Replayed"] == "true"
    assert again["Action-Event"] == first["Action-Event"]
    assert ActionEvent.objects.count() == 1


def test_an_event_with_a_parent_is_kept_where_others_are_not(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, settings: Settings
) -> None:
    settings.DJ_ACTIONS = {"TRACK_ACTIONS": False}
    declare()
    serve()
    url = f"/things/{todo.pk}/actions/poke/"
    api.post(url)
    api.post(url, headers={"DJ-Actions-Parent": str(uuid7())})

    assert [event.depth for event in ActionEvent.objects.all()] == [1]


def test_a_dry_run_checks_the_chain_and_leaves_nothing(
    api: APIClient, todo: Todo, make_event: MakeEvent
) -> None:
    deep = make_event(depth=10, root=uuid7())
    headers = {"DJ-Actions-Parent": str(deep.pk)}

    assert api.post(f"{url_of(todo)}?dry_run=1", headers=headers).status_code == 409
    assert list(ActionEvent.objects.all()) == [deep]


# Messages


def test_publishers_receive_the_parent(api: APIClient, todo: Todo) -> None:
    with captured("memory") as found:
        first = api.post(url_of(todo))["Action-Event"]
        call(api, todo, first)

    assert [message.parent and str(message.parent) for message in found.messages] == [None, first]


# The API of events


def test_the_api_shows_and_filters_chains(
    api: APIClient, client_of: ClientOf, admin: User, todo: Todo
) -> None:
    first = api.post(url_of(todo))["Action-Event"]
    second = call(api, todo, first)["Action-Event"]
    third = call(api, todo, second)["Action-Event"]
    other = api.post(url_of(todo))["Action-Event"]
    staff = client_of(admin)

    def found(query: str) -> list[str]:
        return [entry["id"] for entry in staff.get(f"{EVENTS}?{query}").json()["results"]]

    shown = staff.get(f"{EVENTS}{third}/").json()
    assert (shown["parent"], shown["root"], shown["depth"]) == (second, first, 2)
    alone = staff.get(f"{EVENTS}{other}/").json()
    assert (alone["parent"], alone["root"], alone["depth"]) == (None, other, 0)
    assert found(f"root={first}") == [third, second, first]
    assert found(f"root={other}") == [other]
    assert found(f"parent={first}") == [second]
    assert found(f"root={first}&parent={second}") == [third]
    assert staff.get(f"{EVENTS}?root=x").status_code == 400


@pytest.mark.postgres
def test_a_chain_is_found_by_its_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = ActionEvent.objects.matching(root=str(uuid7())).order_by().explain()

    assert "dja_event_by_root" in plan


# Cost


def test_only_a_request_with_a_parent_reads_it(api: APIClient, todo: Todo) -> None:
    def reads(**headers: str) -> int:
        with CaptureQueriesContext(connection) as found:
            assert api.post(url_of(todo), headers=headers).status_code == 200
        select = [entry["sql"] for entry in found if entry["sql"].startswith("SELECT")]
        return sum("dj_actions_actionevent" in statement for statement in select)

    assert reads() == 0
    assert reads(**{"DJ-Actions-Parent": str(uuid7())}) == 1
