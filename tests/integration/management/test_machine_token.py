"""manage.py machine_token."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dj_actions.models import ActionEvent, MachineToken
from example.todos.models import Todo
from tests.fixtures.machine_tokens import MakeToken, client_with

pytestmark = pytest.mark.django_db

Run = Callable[..., tuple[str, str]]

CREATE = ("create", "airflow", "--owner", "ann", "--action", "todo.mark_done")


@pytest.fixture
def run(ann: User) -> Run:
    """Return a function that runs the command; its result is its output, and what it says."""

    def run(*arguments: Any) -> tuple[str, str]:
        out, err = io.StringIO(), io.StringIO()
        call_command("machine_token", *map(str, arguments), stdout=out, stderr=err, no_color=True)
        return out.getvalue().strip(), err.getvalue()

    return run


def test_a_new_secret_is_printed_alone_and_works(run: Run, todo: Todo) -> None:
    secret, said = run(*CREATE, "--as", "ann")

    url = f"/todos/{todo.pk}/actions/mark_done/"
    assert client_with(secret).post(url).status_code == 200
    assert said == (
        f"The secret of airflow ({secret[:12]}…). It is shown this once: only its hash is stored.\n"
    )
    assert MachineToken.objects.get().created_by == "ann"


def test_by_default_a_token_expires(run: Run) -> None:
    run(*CREATE)
    token = MachineToken.objects.get()

    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).days in {89, 90}


def test_a_token_that_never_expires_is_a_choice(run: Run) -> None:
    run(*CREATE, "--expires-after", "never")

    assert MachineToken.objects.get().expires_at is None


def test_as_json_the_secret_comes_with_what_it_is_for(run: Run) -> None:
    created = json.loads(run(*CREATE, "--action", "todo.hand_over", "--json")[0])

    assert created["secret"].startswith(created["prefix"])
    assert (created["name"], created["actions"]) == (
        "airflow",
        ["todo.mark_done", "todo.hand_over"],
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "x", "--action", "todo.*"), "Give an --owner"),
        (("create", "x", "--owner", "nobody", "--action", "todo.*"), "There is no user 'nobody'"),
        (("create", "x", "--owner", "ann"), "List the actions"),
        (("create", "x", "--owner", "ann", "--action", "todos.*"), "Did you mean 'todo.*'?"),
        (("rotate", "x"), "There is no active machine token 'x'."),
        (("rotate", "x", "--overlap", "never"), "--overlap has an end"),
        (("revoke", "x", "--reason", "y"), "There is no active machine token 'x'."),
        (("revoke", "x"), "--reason"),
        (("list",), "There is no active machine token; see --all."),
        (("create", "x", "--owner", "ann", "--action", "todo.*", "--expires-after", "x"), "an age"),
    ],
)
def test_a_mistake_is_reported(run: Run, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError) as refused:
        run(*arguments)

    assert said in str(refused.value)
    assert not MachineToken.objects.exists()


def test_a_superuser_as_owner_is_pointed_out(run: Run, admin: User) -> None:
    _, said = run("create", "x", "--owner", "admin", "--action", "todo.*")

    assert "admin is a superuser" in said


def test_a_project_that_does_not_accept_tokens_is_pointed_out(run: Run, settings: Settings) -> None:
    classes = ["rest_framework.authentication.SessionAuthentication"]
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_AUTHENTICATION_CLASSES": classes,
    }
    _, said = run(*CREATE)

    assert "dj_actions.authentication.MachineTokenAuthentication" in said


def test_tokens_are_listed_without_secrets(run: Run, make_token: MakeToken, ann: User) -> None:
    new = make_token("todo.mark_done", "todo.hand_over", actor=ann)
    text, _ = run("list")
    (listed,) = json.loads(run("list", "--json")[0])

    assert text.splitlines()[0].split() == [
        *("NAME", "PREFIX", "OWNER", "ACTIONS", "STATE", "EXPIRES", "LAST", "USED")
    ]
    assert new.token.prefix in text
    assert new.secret not in text
    assert (listed["state"], listed["owner"], listed["created_by"]) == ("active", "ann", "ann")
    assert "digest" not in listed


def test_a_token_is_rotated_and_revoked(run: Run, make_token: MakeToken, todo: Todo) -> None:
    old = make_token("todo.mark_done").secret
    new, _ = run("rotate", "airflow")
    url = f"/todos/{todo.pk}/actions/mark_done/"
    assert [client_with(one).post(url).status_code for one in (old, new)] == [200, 200]
    text, _ = run("revoke", "airflow", "--reason", "a leak", "--as", "ann")

    assert text == f"Revoked: {old[:12]}, {new[:12]}."
    assert [client_with(one).post(url).status_code for one in (old, new)] == [401, 401]
    with pytest.raises(CommandError, match="was revoked already"):
        run("revoke", "airflow", "--reason", "again")
    with pytest.raises(CommandError, match="see --all"):
        run("list")
    assert run("list", "--all")[0].count("revoked") == 2
    actions = ActionEvent.objects.filter(resource="machinetoken").order_by("pk")
    assert [event.action for event in actions] == ["create", "rotate", "revoke", "revoke"]
