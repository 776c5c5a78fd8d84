"""The catalogue, and trying an action: dry run first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from dj_actions.console.screens import problems
from dj_actions.exceptions import PublisherUnavailable
from dj_actions.messages import Message
from dj_actions.models import ActionEvent
from dj_actions.publishers.memory import MemoryPublisher
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


class Picky(MemoryPublisher):
    """A publisher whose destination says something against an action, as OPTIONS has it."""

    asked: ClassVar[list[str]] = []
    answers: ClassVar[threading.Event] = threading.Event()

    def __init__(self, *, alias: str, says: Any = ()) -> None:
        super().__init__(alias=alias)
        self._says = says

    def problems_of(self, action: str) -> Sequence[str]:
        self.asked.append(action)
        self.answers.wait()
        if isinstance(self._says, Exception):
            raise self._says
        return [*self._says]

    def refusal(self, message: Message) -> str:
        return "There is no DAG for it." if message.data else ""


@pytest.fixture
def destinations(settings: Settings) -> Callable[..., None]:
    """Return a function that configures what the destinations of all actions say."""

    def destinations(**says: Any) -> None:
        publishers = {
            alias: {"BACKEND": f"{__name__}.Picky", "OPTIONS": {"says": text}, "ROUTES": ["todo.*"]}
            for alias, text in says.items()
        }
        settings.DJ_ACTIONS = {"PUBLISHERS": publishers}
        Picky.asked.clear()
        Picky.answers.set()

    return destinations


def test_what_destinations_say_against_an_action_is_on_its_page(
    browser: Client, destinations: Callable[..., None]
) -> None:
    destinations(pipelines=["param <due> is missing"], feeds=(), away=PublisherUnavailable("no"))
    text = browser.get(PAGE).content.decode()

    assert "pipelines: param &lt;due&gt; is missing" in text
    assert "away: The destination cannot be asked now: no" in text
    assert "feeds: " not in text
    browser.get(PAGE)
    assert Picky.asked == ["todo.mark_done"] * 3


def test_a_slow_destination_does_not_hold_the_page(
    browser: Client, destinations: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "MAX_SECONDS", 0.05)
    destinations(pipelines=["it is closed"])
    Picky.answers.clear()
    first = browser.get(PAGE).content.decode()
    Picky.answers.set()
    monkeypatch.setattr(problems, "MAX_SECONDS", 30)
    second = browser.get(PAGE).content.decode()

    assert "it is closed" not in first
    assert "pipelines: it is closed" in second
    assert Picky.asked == ["todo.mark_done"]


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_says_which_destination_would_refuse_it(
    browser: Client, destinations: Callable[..., None], make_todo: MakeTodo, admin: User
) -> None:
    destinations(pipelines=())
    todo = make_todo(owner=admin)
    page = browser.post(PAGE, {"object_ids": todo.pk, "note": "done it", "run": "dry"})

    assert "pipelines would not accept it: There is no DAG for it." in page.content.decode()
