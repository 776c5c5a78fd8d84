"""Actions that fail in the admin are reported and recorded."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client

from dj_actions.admin.confirmation import CONFIRMED
from dj_actions.models import ActionEvent
from example.todos.actions import IsOwner
from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, admin: User) -> Client:
    """A browser in which a superuser is logged in."""
    client.force_login(admin)
    client.raise_request_exception = False
    return client


def run(browser: Client, *todos: Todo) -> Any:
    chosen = {"action": "poke", "_selected_action": [todo.pk for todo in todos], CONFIRMED: "Run"}
    return browser.post("/admin/todos/todo/", chosen)


def test_more_than_an_action_takes_at_once_is_refused(
    browser: Client, declare: Declare, make_todo: MakeTodo
) -> None:
    declare(bulk=True, max_items=1)
    response = run(browser, make_todo(), make_todo())
    (message,) = (str(entry) for entry in get_messages(response.wsgi_request))

    assert (response.status_code, "at most 1" in message) == (302, True)
    assert not ActionEvent.objects.succeeded().exists()


def test_a_refusal_is_recorded(
    browser: Client, declare: Declare, make_todo: MakeTodo, admin: User
) -> None:
    declare(permissions=[IsOwner])
    own, foreign = make_todo(owner=admin), make_todo()
    run(browser, own, foreign)

    event = ActionEvent.objects.get()
    assert (event.status_code, event.object_id) == (403, str(foreign.pk))
    assert event.actor_label == "admin"


def test_a_crash_is_recorded(browser: Client, declare: Declare, todo: Todo) -> None:
    def crash(*_: Any) -> None:
        raise ZeroDivisionError

    declare(crash)
    run(browser, todo)

    event = ActionEvent.objects.get()
    assert (event.status_code, event.response_data) == (500, {"detail": "ZeroDivisionError"})
