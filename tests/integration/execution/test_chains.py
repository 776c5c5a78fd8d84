"""Chains of actions have a maximum length: a loop ends with an error that says what repeats."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings
from rest_framework.exceptions import PermissionDenied
from rest_framework.test import APIClient

from dj_actions.conf import get_settings
from dj_actions.context import ActionContext
from dj_actions.exceptions import ActionError, ChainTooLong, InvalidAction, InvalidSetting
from dj_actions.identifiers import uuid7
from dj_actions.models import ActionEvent, Delivery
from example.todos.actions import HandOver, MarkDone
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, MakeEvent

pytestmark = pytest.mark.django_db


def allow(settings: Settings, depth: int) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "MAX_CHAIN_DEPTH": depth}


def run(todo: Todo, **options: Any) -> ActionEvent:
    return MarkDone.run(object=todo, **options).event


@pytest.mark.parametrize("kind", ["event", "id", "text"])
def test_code_links_a_call_to_an_event(todo: Todo, kind: str) -> None:
    first = run(todo)
    parent = {"event": first, "id": first.pk, "text": str(first.pk)}[kind]
    second = run(todo, parent=parent)

    assert (second.parent, second.root, second.depth) == (first, first.pk, 1)


@pytest.mark.parametrize("parent", ["x", "", 7, object()])
def test_what_is_not_an_event_is_refused(todo: Todo, parent: Any) -> None:
    with pytest.raises(InvalidAction, match="which is not an event"):
        run(todo, parent=parent)
    assert not ActionEvent.objects.exists()


def test_a_linked_call_is_not_a_part_of_the_other(
    todo: Todo, ann: User, bob: User, make_event: MakeEvent
) -> None:
    """Unlike with `context.run`, the actor is checked as at a login, and failures are recorded."""
    ann.is_active = False
    parent = make_event(root=None)
    with pytest.raises(PermissionDenied):
        run(todo, actor=ann, parent=parent)

    failed = ActionEvent.objects.failed().get()
    assert (failed.parent, failed.root, failed.depth) == (parent, parent.pk, 1)


def test_parts_belong_to_the_chain(declare: Declare, todo: Todo) -> None:
    def perform(context: ActionContext, _data: Any) -> None:
        context.run(MarkDone, object=context.object)

    first = run(todo)
    whole = declare(perform).run(object=todo, parent=first).event
    part = ActionEvent.objects.get(parent=whole)

    assert (whole.root, whole.depth) == (first.pk, 1)
    assert (part.root, part.depth) == (first.pk, 2)


def test_a_context_knows_its_action(declare: Declare, todo: Todo) -> None:
    seen: list[str] = []
    declare(lambda context, _: seen.append(context.label)).run(object=todo)

    assert seen == ["todo.poke"]


def test_a_chain_may_be_as_long_as_the_setting_says(todo: Todo, settings: Settings) -> None:
    allow(settings, 3)
    event = run(todo)
    for _ in range(3):
        event = run(todo, parent=event)
    with pytest.raises(ChainTooLong):
        run(todo, parent=event)

    assert event.depth == 3
    assert ActionEvent.objects.succeeded().count() == 4


def test_a_loop_is_refused_with_what_repeats(todo: Todo, bob: User, settings: Settings) -> None:
    allow(settings, 4)
    first = event = run(todo)
    for _ in range(2):
        event = HandOver.run(object=todo, data={"to": "bob"}, parent=event).event
        event = run(todo, parent=event)
    with pytest.raises(ChainTooLong) as refused:
        HandOver.run(object=todo, data={"to": "bob"}, parent=event)

    error = refused.value
    assert isinstance(error, ActionError)
    assert error.root == first.pk
    assert (error.status_code, error.get_codes()) == (409, "chain_too_long")
    assert str(error) == (
        "todo.hand_over would be the event number 6 of the chain that began with the event "
        f"{first.pk}; DJ_ACTIONS['MAX_CHAIN_DEPTH'] allows 4 before it. These actions repeat: "
        "todo.hand_over (3 times), todo.mark_done (3 times). Break the loop."
    )


def test_a_long_chain_without_a_loop_is_told_apart(
    todo: Todo, settings: Settings, make_event: MakeEvent
) -> None:
    allow(settings, 1)
    first = make_event(action="a")
    second = make_event(action="b", parent=first, root=first.pk, depth=1)
    with pytest.raises(ChainTooLong, match="No action repeats: raise MAX_CHAIN_DEPTH"):
        run(todo, parent=second)


def test_a_loop_is_recorded_as_a_failure_of_its_chain(
    todo: Todo, ann: User, settings: Settings
) -> None:
    allow(settings, 1)
    first = run(todo, actor=ann)
    second = run(todo, actor=ann, parent=first)
    deliveries = Delivery.objects.count()
    with pytest.raises(ChainTooLong) as refused:
        run(todo, actor=ann, parent=second)

    failed = ActionEvent.objects.failed().get()
    assert (failed.status_code, failed.parent, failed.root) == (409, second, first.pk)
    assert failed.depth == 2
    assert failed.response_data == {"detail": str(refused.value)}
    assert Delivery.objects.count() == deliveries


def test_who_ignores_the_error_gets_no_further(todo: Todo, settings: Settings) -> None:
    """A failed event may be named as a parent too."""
    allow(settings, 1)
    parent: UUID = run(todo).pk
    for _ in range(5):
        try:
            parent = run(todo, parent=parent).pk
        except ChainTooLong:
            parent = ActionEvent.objects.failed().latest("pk").pk

    assert ActionEvent.objects.succeeded().count() == 2


def test_the_depth_of_a_record_has_a_limit(todo: Todo, make_event: MakeEvent) -> None:
    deep = make_event(depth=32_767, root=uuid7())
    with pytest.raises(ChainTooLong):
        run(todo, parent=deep)

    assert ActionEvent.objects.failed().get().depth == 32_767


def test_an_action_that_runs_itself_ends(
    declare: Declare, todo: Todo, caplog: pytest.LogCaptureFixture
) -> None:
    def perform(context: ActionContext, _data: Any) -> None:
        context.run(poke, object=context.object)

    poke = declare(perform)
    with pytest.raises(ChainTooLong, match=r"todo\.poke \(12 times\)") as refused:
        poke.run(object=todo)

    event = ActionEvent.objects.get()
    assert (event.status_code, event.depth) == (409, 0)
    assert event.response_data == {"detail": str(refused.value)}
    assert not [entry for entry in caplog.records if entry.levelno >= logging.WARNING]


def test_over_http_it_is_a_problem(
    api: APIClient, client_of: ClientOf, bob: User, todo: Todo, make_event: MakeEvent
) -> None:
    root = uuid7()
    deep = make_event(depth=10, root=root)
    url = f"/todos/{todo.pk}/actions/mark_done/"
    headers = {"DJ-Actions-Parent": str(deep.pk), "accept": "application/problem+json"}
    response = api.post(url, headers=headers)

    problem = response.json()
    assert (response.status_code, problem["code"]) == (409, "chain_too_long")
    assert str(root) in problem["detail"]
    assert not Todo.objects.get().done
    failed = ActionEvent.objects.failed().get()
    assert (failed.parent, failed.root, failed.depth) == (deep, root, 11)
    # Who may not run the action learns nothing of the chain.
    assert client_of(bob).post(url, headers=headers).status_code == 403


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "10", None, 1001])
def test_the_setting_is_a_number_from_1_to_1000(settings: Settings, value: Any) -> None:
    allow(settings, value)
    with pytest.raises(InvalidSetting, match="MAX_CHAIN_DEPTH"):
        get_settings()
