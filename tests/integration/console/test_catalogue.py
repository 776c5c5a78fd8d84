"""The catalogue, and trying an action: dry run first."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import MakeTodo
from tests.integration.console.conftest import BrowserOf

pytestmark = pytest.mark.django_db

PAGE = reverse("dj_actions_console:action", args=["todo", "mark_done"])


def test_each_action_is_listed(browser: Client) -> None:
    text = browser.get(reverse("dj_actions_console:catalogue")).content.decode()
    assert PAGE in text
    assert reverse("dj_actions_console:action", args=["todo", "bulk_mark_done"]) in text


def test_a_dry_run_changes_nothing(browser: Client, make_todo: MakeTodo, admin: User) -> None:
    todo = make_todo(owner=admin)
    page = browser.post(PAGE, {"object_ids": todo.pk, "note": "done it", "run": "dry"})
    assert "It would succeed" in page.content.decode()
    assert not Todo.objects.get(pk=todo.pk).done
    assert not ActionEvent.objects.exists()


def test_a_run_leads_to_its_timeline(browser: Client, make_todo: MakeTodo, admin: User) -> None:
    todo = make_todo(owner=admin)
    done = browser.post(PAGE, {"object_ids": todo.pk, "note": "done it", "run": "really"})
    event = ActionEvent.objects.get()
    assert done.headers["Location"] == reverse("dj_actions_console:event", args=[event.pk])
    assert Todo.objects.get(pk=todo.pk).done


@pytest.mark.parametrize(
    ("ids", "words"), [("", "1 to 1 objects"), ("7 8", "1 to 1 objects"), ("999", "no todo 999")]
)
def test_a_wrong_object_is_explained(browser: Client, ids: str, words: str) -> None:
    page = browser.post(PAGE, {"object_ids": ids, "note": "x", "run": "dry"})
    assert page.status_code == 400
    assert words in page.content.decode()


def test_an_invalid_input_is_shown_with_its_errors(
    browser: Client, make_todo: MakeTodo, admin: User
) -> None:
    todo = make_todo(owner=admin)
    page = browser.post(PAGE, {"object_ids": todo.pk, "note": "x" * 5000, "run": "really"})
    assert page.status_code == 400
    assert not ActionEvent.objects.filter(status_code=200).exists()


@pytest.mark.parametrize("permissions", [("run_actions",), ("change_todo",)])
def test_running_requires_both_permissions(
    browser_of: BrowserOf, make_todo: MakeTodo, permissions: tuple[str, ...], admin: User
) -> None:
    todo = make_todo(owner=admin)
    browser = browser_of("view_console", *permissions)
    assert "Try it" not in browser.get(PAGE).content.decode()
    assert browser.post(PAGE, {"object_ids": todo.pk, "run": "dry"}).status_code == 403


def test_an_unknown_action_suggests_the_closest(browser: Client) -> None:
    page = reverse("dj_actions_console:action", args=["todo", "mark_don"])
    assert browser.get(page).status_code == 404


def test_an_action_is_described_with_few_statements(
    browser: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        text = " ".join(browser.get(PAGE).content.decode().split())
    for words in ("prod", "one object", "IsOwner", "JSON Schema", "curl", "run_action"):
        assert words in text
