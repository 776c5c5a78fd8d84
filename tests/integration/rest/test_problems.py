"""Errors as problem details, for clients that accept them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.test import APIClient

from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, Serve

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


class Line(serializers.Serializer[Any]):
    amount = serializers.IntegerField(min_value=1)


class Order(serializers.Serializer[Any]):
    name = serializers.CharField()
    lines = Line(many=True)

    def validate(self, attrs: Any) -> Any:
        if attrs["name"] == "wrong":
            raise serializers.ValidationError("All of it.", code="all")
        return attrs


def url_of(todo: Todo, action: str = "mark_done") -> str:
    return f"/todos/{todo.pk}/actions/{action}/"


def post(client: APIClient, url: str, body: Any = None, accept: str = PROBLEM) -> Any:
    return client.post(url, body or {}, format="json", headers={"Accept": accept})


def test_a_refusal_is_described_as_a_problem(client_of: ClientOf, bob: User, todo: Todo) -> None:
    response = post(client_of(bob), url_of(todo))

    assert (response.status_code, response["Content-Type"]) == (403, PROBLEM)
    assert response.json() == {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": "This todo belongs to someone else.",
        "code": "permission_denied",
        "instance": url_of(todo),
    }


def test_each_wrong_field_has_its_pointer(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(input=Order)
    serve()
    url = f"/things/{todo.pk}/actions/poke/"
    problem = post(api, url, {"lines": [{"amount": 1}, {"amount": 0}]}).json()

    assert (problem["status"], problem["title"]) == (400, "Bad Request")
    assert [(entry["pointer"], entry["code"]) for entry in problem["errors"]] == [
        ("#/name", "required"),
        ("#/lines/1/amount", "min_value"),
    ]
    whole = post(api, url, {"name": "wrong", "lines": []}).json()
    assert whole["errors"] == [
        {"pointer": "#/non_field_errors", "detail": "All of it.", "code": "all"}
    ]


@pytest.mark.parametrize(
    "accept",
    [PROBLEM, f"application/json, {PROBLEM}", f"{PROBLEM};q=0.9, text/html", PROBLEM.upper()],
)
def test_it_may_be_named_among_others(
    client_of: ClientOf, bob: User, todo: Todo, accept: str
) -> None:
    assert post(client_of(bob), url_of(todo), accept=accept)["Content-Type"] == PROBLEM


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/*"])
def test_a_client_that_does_not_request_problems_gets_the_response_of_drf(
    client_of: ClientOf, bob: User, todo: Todo, accept: str
) -> None:
    response = post(client_of(bob), url_of(todo), accept=accept)

    assert response["Content-Type"] == "application/json"
    assert response.json() == {"detail": "This todo belongs to someone else."}


def test_a_success_has_the_usual_response(api: APIClient, todo: Todo) -> None:
    response = post(api, url_of(todo))

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response.json()["done"] is True


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/todos/999999/actions/mark_done/", {}, 404),
        ("/todos/actions/mark_dnoe/", {}, 404),
        ("/todos/actions/bulk_mark_done/", {}, 400),
        ("/todos/999999/", {}, 405),
        ("/todos/", {}, 400),
    ],
)
def test_all_of_the_viewset_speaks_it(api: APIClient, path: str, body: Any, status: int) -> None:
    response = post(api, path, body)

    assert (response.status_code, response["Content-Type"]) == (status, PROBLEM)
    assert response.json()["status"] == status


def test_a_body_that_is_too_large_is_a_problem_too(api: APIClient, todo: Todo) -> None:
    response = post(api, url_of(todo), {"note": "x" * 2_000_000})

    assert (response.status_code, response["Content-Type"]) == (413, PROBLEM)


def test_what_is_recorded_is_the_response_of_drf(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    def perform(*_: Any) -> None:
        raise PermissionDenied("Not today.")

    declare(perform)
    serve()
    post(api, f"/things/{todo.pk}/actions/poke/")

    assert ActionEvent.objects.get().response_data == {"detail": "Not today."}
