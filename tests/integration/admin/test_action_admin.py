"""A model's actions in its change list."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client

from dj_actions.admin.confirmation import CONFIRMED
from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo, MakeUser

pytestmark = pytest.mark.django_db

URL = "/admin/todos/todo/"


def choose(browser: Client, action: str, *todos: Todo, **fields: Any) -> Any:
    chosen = {"action": action, "_selected_action": [todo.pk for todo in todos]}
    return browser.post(URL, chosen | fields)


def run(browser: Client, action: str, *todos: Todo, **fields: Any) -> Any:
    return choose(browser, action, *todos, **{CONFIRMED: "Run"}, **fields)


def shown_messages(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_change_list_offers_the_models_actions(browser: Client, todo: Todo) -> None:
    page = browser.get(URL).content.decode()

    for title in ("Mark one todo as done.", "Mark many todos as done.", "Hand a todo over"):
        assert title in page


def test_it_requests_the_input_first(browser: Client, todo: Todo) -> None:
    response = choose(browser, "mark_done", todo)
    page = response.content.decode()

    assert response.status_code == 200
    assert 'name="note"' in page
    assert f'name="_selected_action" value="{todo.pk}"' in page
    assert "Buy milk" in page
    assert not ActionEvent.objects.exists()


def breadcrumbs(page: str) -> tuple[list[str], list[str]]:
    """Return the tags of the breadcrumbs of a page, and their links."""
    (_, element, inner) = re.findall(
        r'<((div|ol) class="breadcrumbs">)(.*?)</\2>', page, re.DOTALL
    )[0]
    return [element, *re.findall(r"</?\w+|aria-\w+", inner)], re.findall(r'href="(.*?)"', inner)


def test_its_breadcrumbs_are_those_of_this_version_of_django(browser: Client, todo: Todo) -> None:
    """Versions have different elements, and each has a style for its own only."""
    page = choose(browser, "mark_done", todo).content.decode()
    page_of_an_object = browser.get(f"{URL}{todo.pk}/change/").content.decode()

    assert breadcrumbs(page) == breadcrumbs(page_of_an_object)
    assert URL in breadcrumbs(page)[1]
    assert (
        "Mark one todo as done." in page.partition('class="breadcrumbs"')[2].partition("<form")[0]
    )


def test_then_it_runs_the_action_on_each_that_was_chosen(
    browser: Client, make_todo: MakeTodo, admin: User
) -> None:
    todos = [make_todo(owner=admin), make_todo(owner=admin)]
    response = run(browser, "mark_done", *todos, note="n")

    assert shown_messages(response) == ["Mark one todo as done.: done for 2."]
    assert set(Todo.objects.values_list("done", "note")) == {(True, "n")}
    assert [event.request_data for event in ActionEvent.objects.all()] == [{"note": "n"}] * 2
    assert {event.actor_label for event in ActionEvent.objects.all()} == {"admin"}


def test_a_bulk_action_is_run_once(browser: Client, make_todo: MakeTodo, admin: User) -> None:
    response = run(
        browser, "bulk_mark_done", make_todo(owner=admin), make_todo(owner=admin), note="n"
    )

    assert shown_messages(response) == ["Mark many todos as done.: done for 2."]
    assert ActionEvent.objects.get().request_data == {"note": "n"}


def test_a_wrong_input_is_shown_with_its_error(
    browser: Client, make_todo: MakeTodo, admin: User
) -> None:
    response = run(browser, "hand_over", make_todo(owner=admin), to="nobody")
    page = response.content.decode()

    assert response.status_code == 200
    assert "Please correct the errors below." in page
    assert "nobody" in page
    assert not ActionEvent.objects.succeeded().exists()


def test_a_refusal_of_one_leaves_all_as_they_were(
    browser: Client, make_todo: MakeTodo, admin: User
) -> None:
    own, foreign = make_todo(owner=admin), make_todo()
    response = run(browser, "mark_done", own, foreign)

    assert shown_messages(response) == [
        "Mark one todo as done.: refused. This todo belongs to someone else."
    ]
    assert not Todo.objects.filter(done=True).exists()


def test_without_the_change_permission_no_action_is_offered(
    client: Client, make_user: MakeUser, todo: Todo
) -> None:
    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_todo"))
    client.force_login(clerk)

    assert "Mark one todo as done." not in client.get(URL).content.decode()
    run(client, "mark_done", todo)
    todo.refresh_from_db()
    assert not todo.done


def test_an_action_that_finds_its_objects_itself_is_not_offered(
    browser: Client, declare: Declare, todo: Todo
) -> None:
    declare(bulk=True, requires_objects=False)

    assert "Poke a todo." not in browser.get(URL).content.decode()


def test_a_json_input_is_entered_as_text(browser: Client, declare: Declare, todo: Todo) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "additionalProperties": False,
    }
    declare(input=schema)

    assert "<textarea" in choose(browser, "poke", todo).content.decode()
    run(browser, "poke", todo, data='{"n": 1}')
    assert ActionEvent.objects.get().request_data == {"n": 1}
    assert "correct the errors" in run(browser, "poke", todo, data='{"n": "x"}').content.decode()
    assert "Invalid JSON" in run(browser, "poke", todo, data="{").content.decode()
