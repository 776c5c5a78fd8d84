"""Machines call the actions that their token names, as its owner, and reach nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.test import APIClient, APIRequestFactory

from dj_actions.authentication import MachineTokenAuthentication
from dj_actions.models import ActionEvent, MachineToken
from dj_actions.operations import revoke_machine_token
from example.todos.models import Todo
from tests.conftest import MakeTodo, Serve
from tests.fixtures.machine_tokens import Machine, MakeToken, client_with
from tests.integration.rest.todo_calls import PROBLEM, url_of

pytestmark = pytest.mark.django_db


def test_a_machine_acts_as_its_owner(machine: Machine, todo: Todo, ann: User) -> None:
    response = machine("todo.mark_done").post(url_of(todo), {"note": "n"})

    assert response.status_code == 200
    todo.refresh_from_db()
    assert todo.done
    event = ActionEvent.objects.get(resource="todo")
    assert (event.actor_id, event.actor_label) == (str(ann.pk), "ann")


def test_it_has_no_permission_that_its_owner_has_not(
    machine: Machine, make_todo: MakeTodo, bob: User
) -> None:
    response = machine("todo.*").post(url_of(make_todo(owner=bob)))

    assert (response.status_code, response.json()["detail"]) == (
        403,
        "This todo belongs to someone else.",
    )


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_the_scheme_is_that_of_bearer_tokens(
    make_token: MakeToken, todo: Todo, scheme: str
) -> None:
    client = client_with(make_token("todo.*").secret, scheme=scheme)

    assert client.post(url_of(todo)).status_code == 200


def refusal(secret: str, todo: Todo) -> tuple[int, Any]:
    response = client_with(secret).post(url_of(todo), headers=PROBLEM)
    body = response.json()
    return response.status_code, body["code"]


def test_an_unknown_token_is_refused(make_token: MakeToken, todo: Todo) -> None:
    secret = make_token("todo.*").secret
    other = secret[:-1] + ("a" if secret[-1] != "a" else "b")

    assert refusal(other, todo) == (401, "invalid_token")
    assert refusal(f"{secret} x", todo) == (401, "invalid_token")
    assert refusal("dja_", todo) == (401, "invalid_token")
    assert refusal(f"{secret}\xe4", todo) == (401, "invalid_token")
    assert not Todo.objects.get().done
    assert not ActionEvent.objects.filter(resource="todo").exists()


def test_a_malformed_token_costs_no_statement(todo: Todo) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert refusal("dja_x", todo) == (401, "invalid_token")
    assert len(captured) == 0


def test_a_token_that_was_revoked_is_refused_at_once(
    make_token: MakeToken, todo: Todo, ann: User
) -> None:
    new = make_token("todo.*")
    assert client_with(new.secret).post(url_of(todo)).status_code == 200
    revoke_machine_token("airflow", actor=ann, reason="a leak")

    assert refusal(new.secret, todo) == (401, "token_revoked")


def test_a_token_that_has_expired_is_refused(make_token: MakeToken, todo: Todo) -> None:
    new = make_token("todo.*", lifetime=3600)
    assert client_with(new.secret).post(url_of(todo)).status_code == 200
    MachineToken.objects.update(expires_at=Now() - timedelta(seconds=1))

    assert refusal(new.secret, todo) == (401, "token_expired")


def test_a_token_of_an_inactive_user_is_refused(
    make_token: MakeToken, todo: Todo, ann: User
) -> None:
    new = make_token("todo.*")
    ann.is_active = False
    ann.save()

    assert refusal(new.secret, todo) == (401, "user_inactive")


def test_a_token_goes_with_its_owner(make_token: MakeToken, todo: Todo, bob: User) -> None:
    new = make_token("todo.*", owner=bob)
    bob.delete()

    assert refusal(new.secret, todo) == (401, "invalid_token")


def test_what_a_stranger_is_told_says_nothing_about_tokens(
    make_token: MakeToken, todo: Todo
) -> None:
    """The response to a guess is the same whether there are tokens or not."""
    guess = f"dja_{'A' * 43}"
    before = client_with(guess).post(url_of(todo))
    make_token("todo.*")
    after = client_with(guess).post(url_of(todo))

    assert (before.status_code, before.content) == (after.status_code, after.content)


def test_other_credentials_are_left_to_other_classes(todo: Todo) -> None:
    authenticate = MachineTokenAuthentication().authenticate
    make = APIRequestFactory().post
    for header in ("Basic YQ==", "Token dja_x", "Bearer eyJhbGciOi", "Bearer", "", "dja_x"):
        request: Any = Request(make("/", headers={"authorization": header}))
        assert authenticate(request) is None


def test_the_challenge_is_that_of_bearer_tokens(todo: Todo, serve: Serve) -> None:
    serve(authentication_classes=[MachineTokenAuthentication], permission_classes=[IsAuthenticated])
    response = APIClient().get("/things/actions/list/")

    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
