"""Recipients are recorded as the publishers of the action address them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from pytest_django import Settings

from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidAction
from dj_actions.models import ActionEvent, Delivery
from dj_actions.publishers.memory import MemoryPublisher, outboxes
from dj_actions.testing import drain
from example.todos.models import Todo
from tests.conftest import Declare

pytestmark = pytest.mark.django_db


class Mail(MemoryPublisher):
    """Addresses users by their username; it records whether there are several objects."""

    @classmethod
    def recipient(cls, entry: str | Model) -> str | None:
        name = entry.username if isinstance(entry, User) else str(entry)
        if "@" in name:
            raise ValueError(f"{name!r} is not a username.")
        return f"mailbox {name}"

    @classmethod
    def recorded_options(
        cls, options: Mapping[str, Any], context: ActionContext
    ) -> Mapping[str, Any]:
        return {**options, "title": str(context.object)}


class Chat(MemoryPublisher):
    """Addresses users in another way."""

    @classmethod
    def recipient(cls, entry: str | Model) -> str | None:
        return f"room {entry}"


def route(settings: Settings, **backends: str) -> None:
    """Let publishers receive all actions."""
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {
            alias: {"BACKEND": backend, "ROUTES": ["todo.*"]} for alias, backend in backends.items()
        }
    }


def path(publisher: type[MemoryPublisher]) -> str:
    return f"{publisher.__module__}.{publisher.__qualname__}"


def emit(declare: Declare, todo: Todo, *recipients: Any) -> ActionEvent:
    """Run an action that emits recipients, and return its event."""

    def perform(context: ActionContext, _data: dict[str, Any]) -> None:
        context.emit(recipients=recipients)

    event = declare(perform).run(actor=todo.owner, object=todo).event
    event.refresh_from_db()
    return event


def test_a_publisher_says_how_it_addresses_a_recipient(
    settings: Settings, declare: Declare, todo: Todo, bob: User
) -> None:
    route(settings, mail=path(Mail), memory=path(MemoryPublisher))

    assert emit(declare, todo, bob, "bob", "ann").recipients == ["mailbox bob", "mailbox ann"]


def test_what_a_publisher_cannot_address_fails_the_action(
    settings: Settings, declare: Declare, todo: Todo
) -> None:
    route(settings, mail=path(Mail))

    with pytest.raises(InvalidAction, match=r"todo\.poke .*'a@b' is not a username"):
        emit(declare, todo, "a@b")
    assert not Delivery.objects.exists()


def test_publishers_that_address_a_recipient_differently_fail_the_action(
    settings: Settings, declare: Declare, todo: Todo
) -> None:
    route(settings, mail=path(Mail), chat=path(Chat))

    with pytest.raises(InvalidAction, match="mailbox ann, room ann"):
        emit(declare, todo, "ann")


@pytest.mark.parametrize("backend", [path(MemoryPublisher), "not.installed.Publisher"])
def test_without_a_publisher_that_cares_objects_are_recorded_by_their_keys(
    settings: Settings, declare: Declare, todo: Todo, bob: User, backend: str
) -> None:
    route(settings, feeds=backend)

    recipients = emit(declare, todo, "a@b", bob, todo, bob).recipients
    assert recipients == ["a@b", f"user:{bob.pk}", f"todo:{todo.pk}"]


@pytest.mark.parametrize("recipient", [2, None, b"ann", User(), ["ann"]])
def test_a_recipient_is_a_string_or_a_saved_object(
    declare: Declare, todo: Todo, recipient: Any
) -> None:
    with pytest.raises(InvalidAction, match="neither a string nor a saved object"):
        emit(declare, todo, recipient)


def test_a_publisher_records_what_is_known_only_while_the_action_runs(
    settings: Settings, declare: Declare, todo: Todo
) -> None:
    route(settings, mail=path(Mail))
    title = str(todo)
    declare().run(object=todo)
    Todo.objects.update(title="changed")
    drain()

    (message,) = outboxes["mail"]
    assert message.options == {"title": title}
