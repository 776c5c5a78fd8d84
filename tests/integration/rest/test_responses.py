"""Responses are valid JSON, and an action on events supports dry runs."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import F
from pytest_django import Settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import exception_handler

from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, Serve
from tests.fixtures.calls import url_of

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


class Odd(APIException):
    """Has a status that HTTP does not know."""

    status_code = 499


def handle(exc: Exception, context: Any) -> Response | None:
    """Respond to Django's validation errors: an exception handler of a project's own."""
    if isinstance(exc, DjangoValidationError):
        return Response({"errors": exc.messages}, status=400)
    return exception_handler(exc, context)


def raising(error: Exception) -> Any:
    def perform(*_: Any) -> None:
        raise error

    return perform


@pytest.mark.parametrize("accept", ["application/json", PROBLEM])
def test_a_status_that_http_does_not_know_is_sent(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, accept: str
) -> None:
    declare(raising(Odd("Odd.")))
    serve()
    response = api.post(url_of(todo), headers={"Accept": accept})

    assert (response.status_code, response["Content-Type"]) == (499, accept)
    assert response.json()["detail"] == "Odd."


@pytest.mark.parametrize("accept", ["application/json", PROBLEM])
def test_what_the_projects_exception_handler_returns_is_a_problem_of_that_status(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, settings: Settings, accept: str
) -> None:
    handler = f"{__name__}.{handle.__name__}"
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "EXCEPTION_HANDLER": handler}
    declare(raising(DjangoValidationError("Too late.")))
    serve()
    response = api.post(url_of(todo), headers={"Accept": accept})

    assert (response.status_code, ActionEvent.objects.get().status_code) == (400, 400)
    assert response.json().get("status", 400) == 400


@pytest.mark.parametrize("accept", [f"{PROBLEM};q=0, application/json", f"{PROBLEM};q=0.0, */*"])
def test_who_refuses_problem_details_gets_none(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, accept: str
) -> None:
    declare()
    serve()
    response = api.post(f"{url_of(todo)}?dry_run=x", headers={"Accept": accept})

    assert (response.status_code, response["Content-Type"]) == (400, "application/json")


class Blocking(BaseAuthentication):
    """Refuses everybody, the way that Django does."""

    def authenticate(self, request: Any) -> None:
        raise PermissionDenied("Blocked.")


def test_a_refusal_by_the_authentication_has_the_response_of_any_other(
    client_of: ClientOf, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare()
    serve(authentication_classes=[Blocking])
    response = APIClient(raise_request_exception=False).post(url_of(todo))

    assert (response.status_code, response["Content-Type"]) == (403, "application/json")


# The version


def write_the_row(context: ActionContext, _data: Any) -> None:
    Todo.objects.filter(pk=context.object.pk).update(note="Buy milk")


def write_an_expression(context: ActionContext, _data: Any) -> None:
    context.object.note = F("title")
    context.object.save()


@pytest.mark.parametrize("perform", [write_the_row, write_an_expression])
@pytest.mark.parametrize("output", [None, False])
def test_the_version_in_the_response_is_that_of_the_row(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, perform: Any, output: Any
) -> None:
    def returning(context: ActionContext, data: Any) -> dict[str, Any] | None:
        perform(context, data)
        return None if output is None else {}

    declare(returning, version_field="note", output=output)
    serve()
    seen = api.get(f"/things/{todo.pk}/")["ETag"]
    response = api.post(url_of(todo), headers={"If-Match": seen})

    assert (response.status_code, response["ETag"] == seen) == (200, False)
    assert api.get(f"/things/{todo.pk}/")["ETag"] == response["ETag"]
    assert api.post(url_of(todo), headers={"If-Match": response["ETag"]}).status_code == 200


@pytest.mark.parametrize("version", ["a\nb", 'a"b', "a\\b", "é€", "a, b", ""])
def test_any_text_can_be_a_version(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, version: str
) -> None:
    declare(version_field="title")
    serve()
    Todo.objects.update(title=version)
    seen = api.get(f"/things/{todo.pk}/")

    assert seen.status_code == 200
    assert api.post(url_of(todo), headers={"If-Match": seen["ETag"]}).status_code == 200
    Todo.objects.update(title=f"{version}.")
    assert api.post(url_of(todo), headers={"If-Match": seen["ETag"]}).status_code == 412
