"""A machine token calls the actions that its patterns name, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.decorators import action as extra_action
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import Declare, MakeEvent, MakeTodo, Serve
from tests.fixtures.machine_tokens import Machine, MakeToken
from tests.integration.rest.todo_calls import PROBLEM, url_of

pytestmark = pytest.mark.django_db


# What


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("todo.mark_done", {"mark_done"}),
        ("todo.bulk_mark_done", {"bulk_mark_done"}),
        ("todo.hand_over", {"hand_over"}),
        ("todo.*", {"mark_done", "bulk_mark_done", "hand_over"}),
        ("actionevent.archive_actions", set()),
    ],
)
def test_it_calls_the_actions_that_it_names(
    machine: Machine, todo: Todo, bob: User, pattern: str, allowed: set[str]
) -> None:
    client = machine(pattern)
    calls = {
        "bulk_mark_done": ("/todos/actions/bulk_mark_done/", {"ids": [todo.pk]}),
        "mark_done": (url_of(todo), {}),
        "hand_over": (url_of(todo, "hand_over"), {"to": "bob"}),
    }
    answers = {
        name: client.post(url, body, format="json", headers=PROBLEM)
        for name, (url, body) in calls.items()
    }

    assert {name for name, one in answers.items() if one.status_code == 200} == allowed
    for name in answers.keys() - allowed:
        problem = answers[name].json()
        assert (answers[name].status_code, problem["code"]) == (403, "insufficient_scope")
        assert problem["detail"] == (
            f"The machine token 'airflow' may not call todo.{name}, only {pattern}."
        )


def test_a_refused_call_is_recorded(machine: Machine, todo: Todo, ann: User) -> None:
    machine("todo.hand_over").post(url_of(todo))

    event = ActionEvent.objects.get(resource="todo")
    assert (event.action, event.status_code, event.actor_label) == ("mark_done", 403, "ann")


OTHERS = ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", *OTHERS])
def test_no_method_leads_to_another_action(machine: Machine, todo: Todo, method: str) -> None:
    client = machine("todo.hand_over")
    for url in (url_of(todo), "/todos/actions/bulk_mark_done/"):
        body = {"ids": [todo.pk], "_method": "POST"}
        headers = {"X-HTTP-Method-Override": "POST"}
        response = client.generic(method, url, headers=headers, QUERY_STRING="_method=POST")
        assert response.status_code in {403, 405}
        response = client.post(url, body, headers={"X-HTTP-Method-Override": method})
        assert response.status_code == 403

    assert not Todo.objects.get().done


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_its_own_actions_are_described(machine: Machine, todo: Todo, method: str) -> None:
    client = machine("todo.mark_done")

    assert client.generic(method, url_of(todo)).status_code == 200
    # It is about all methods of a URL, not about one action.
    assert client.options(url_of(todo)).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/todos/"),
        ("POST", "/todos/"),
        ("OPTIONS", "/todos/"),
        ("GET", "/todos/{pk}/"),
        ("HEAD", "/todos/{pk}/"),
        ("PUT", "/todos/{pk}/"),
        ("PATCH", "/todos/{pk}/"),
        ("DELETE", "/todos/{pk}/"),
        ("GET", "/api/schema/"),
    ],
)
def test_the_rest_of_the_api_is_closed(
    machine: Machine, todo: Todo, method: str, path: str
) -> None:
    response = machine("todo.*").generic(method, path.format(pk=todo.pk))

    assert response.status_code == 403
    assert Todo.objects.filter(title="Buy milk").exists()


def test_an_action_that_another_one_runs_needs_no_pattern(
    machine: Machine, declare: Declare, serve: Serve, todo: Todo
) -> None:
    inner = declare(name="inner")

    def perform(context: ActionContext, _data: Any) -> None:
        context.run(inner, object=context.object)

    declare(perform, name="outer")
    serve()
    client = machine("todo.outer")

    assert client.post(f"/things/{todo.pk}/actions/outer/").status_code == 200
    assert client.post(f"/things/{todo.pk}/actions/inner/").status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda url: url.rstrip("/"),
        lambda url: f"{url}?format=json",
        lambda url: url.replace("mark_done", "mark%5Fdone"),
        lambda url: url.replace("mark_done", "hand_over/../mark_done"),
        lambda url: url.replace("actions", "actions/hand_over/"),
        lambda url: f"/{url}",
    ],
)
def test_no_spelling_of_a_url_leads_to_another_action(
    machine: Machine, todo: Todo, change: Callable[[str], str]
) -> None:
    response = machine("todo.hand_over").post(change(url_of(todo)))

    assert response.status_code in {301, 403, 404}
    assert not Todo.objects.get().done


RESOURCES = ["todo", "todo_list", "Todo", "to", "odo"]
"""Resources with names that a careless comparison takes for another."""


@pytest.mark.parametrize("owner", RESOURCES)
@pytest.mark.parametrize("whole", [True, False])
def test_no_token_reaches_an_action_that_no_pattern_of_it_names(
    machine: Machine,
    declare: Declare,
    serve: Serve,
    make_todo: MakeTodo,
    owner: str,
    whole: bool,
) -> None:
    performed: list[str] = []
    labels: dict[str, str] = {}
    for number, resource in enumerate(RESOURCES):
        for name, options in (
            (f"poke{number}", {}),
            (f"poke{number}_all", {"bulk": True}),
            (f"poke{number}_any", {"bulk": True, "requires_objects": False, "output": False}),
        ):

            def perform(_context: Any, _data: Any, label: str = f"{resource}.{name}") -> None:
                performed.append(label)

            declare(perform, resource=resource, name=name, **options)
            labels[name] = f"{resource}.{name}"
    serve()
    chosen = f"poke{RESOURCES.index(owner)}"
    client = machine(f"{owner}.*" if whole else f"{owner}.{chosen}")
    todo = make_todo()
    for name in labels:
        for url in (f"/things/{todo.pk}/actions/{name}/", f"/things/actions/{name}/"):
            client.post(url, {"ids": [todo.pk]}, format="json")

    allowed = {label for label in labels.values() if label.rpartition(".")[0] == owner}
    assert set(performed) == (allowed if whole else {f"{owner}.{chosen}"})


def test_the_rule_holds_for_calls_that_a_viewset_makes_itself(
    machine: Machine, declare: Declare, serve: Serve, todo: Todo
) -> None:
    poke = declare()
    allowed = declare(name="allowed")

    def perform(self: Any, request: Any, **kwargs: Any) -> Response:
        response: Response = self.run_action(poke.definition)
        return response

    perform.definition = allowed.definition  # type: ignore[attr-defined]  # as of an action
    perform.__name__ = "other"
    serve(other=extra_action(detail=True, methods=["post"])(perform))
    client = machine("todo.allowed")

    assert client.post(f"/things/{todo.pk}/other/").status_code == 403
    assert not ActionEvent.objects.filter(action="poke", status_code=200).exists()


# Views without actions


class Reports(APIView):
    """A view of a project."""

    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        """Say who asks."""
        return Response({"user": str(request.user)})


class OpenReports(Reports):
    """The same, for machines too."""

    accepts_machine_tokens = True


def test_a_plain_view_is_opened_on_purpose_only(make_token: MakeToken) -> None:
    header = {"authorization": f"Bearer {make_token('todo.*').secret}"}
    request = APIRequestFactory().get("/", headers=header)

    assert Reports.as_view()(request).status_code == 403
    answer = OpenReports.as_view()(request)
    assert (answer.status_code, answer.data) == (200, {"user": "ann"})


def test_a_class_that_lists_others_only_does_not_know_the_token(
    machine: Machine, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare()
    serve(authentication_classes=[], permission_classes=[IsAuthenticated])

    assert machine("todo.*").post(f"/things/{todo.pk}/actions/poke/").status_code == 403


# The catalogue, and events


def test_the_list_of_actions_has_its_own(machine: Machine, todo: Todo) -> None:
    listed = machine("todo.mark_done").get("/todos/actions/list/").json()

    assert [entry["id"] for entry in listed["instance_actions"]] == ["mark_done"]
    assert listed["bulk_actions"] == []


def test_it_reads_the_schema_of_its_own(machine: Machine) -> None:
    client = machine("todo.mark_done")

    assert client.get("/todos/actions/mark_done/schema/").status_code == 200
    refused = client.get("/todos/actions/hand_over/schema/", headers=PROBLEM)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")


def test_no_name_of_another_action_is_suggested(machine: Machine, todo: Todo) -> None:
    client = machine("todo.mark_done")
    other, own = (
        client.post(url_of(todo, name)).json()["detail"] for name in ("hand_ovr", "mark_dome")
    )

    assert "hand_over" not in other
    assert "Did you mean 'mark_done'?" in own


EVENTS = "/api/action-events/"


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["todo.mark_done"], {"todo.mark_done"}),
        (["todo.*"], {"todo.mark_done", "todo.hand_over"}),
        (["todo.hand_over", "actionevent.archive_actions"], {"todo.hand_over"}),
    ],
)
def test_it_reads_events_of_its_own_actions_if_its_owner_may(
    machine: Machine, make_event: MakeEvent, admin: User, patterns: list[str], found: set[str]
) -> None:
    labels = {}
    for resource, action in (
        *(("todo", "mark_done"), ("todo", "hand_over")),
        *(("todo_list", "mark_done"), ("delivery", "replay")),
    ):
        event = make_event(resource=resource, action=action)
        labels[str(event.pk)] = event.label
    client = machine(*patterns, owner=admin)

    listed = client.get(EVENTS).json()["results"]
    assert {labels[entry["id"]] for entry in listed} == found
    assert client.get(f"{EVENTS}?resource=delivery").json()["results"] == []
    for key, label in labels.items():
        assert client.get(f"{EVENTS}{key}/").status_code == (200 if label in found else 404)


def test_events_are_not_for_a_machine_whose_owner_may_not_read_them(machine: Machine) -> None:
    assert machine("todo.*").get(EVENTS).status_code == 403


def test_the_actions_of_events_need_a_pattern_too(machine: Machine, admin: User) -> None:
    client, url = machine("todo.*", owner=admin), f"{EVENTS}actions/archive_actions/"

    assert client.post(url).status_code == 403
