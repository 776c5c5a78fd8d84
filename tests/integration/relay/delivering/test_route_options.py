"""A message has the options of the route that matched when its event was recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.exceptions import PublishRejected
from dj_actions.models import Delivery
from dj_actions.relay.lanes.lane import Lane
from dj_actions.states import DeliveryState
from dj_actions.testing import captured, drain
from example.todos.models import Todo
from tests.conftest import Declare
from tests.fixtures.relay import Queue
from tests.integration.relay.scripted import accept, script

pytestmark = pytest.mark.django_db

Send = Callable[[], object]
BACKEND = "tests.integration.relay.scripted.ScriptedPublisher"


def configure(settings: Settings, routes: Any, **entry: Any) -> None:
    """Let the routes of the first publisher be these from now on."""
    first = {"BACKEND": BACKEND, "ROUTES": routes, **entry}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"first": first, "second": {"BACKEND": BACKEND}}}


def send_with_a_lane() -> None:
    assert Lane("first", get_settings(), threading.Event()).run_once()


def sent() -> list[Mapping[str, Any]]:
    """Return the options of all messages that were sent."""
    return [message.options for message in script.seen]


@pytest.mark.parametrize("ordering", ["none", "key"])
@pytest.mark.parametrize("send", [send_with_a_lane, drain])
@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ({"todo.*": {"room": "a", "ü": [1, 1.5, None, {"deep": True}]}}, None),
        ({"todo.*": {}}, {}),
        (["todo.*"], {}),
    ],
)
def test_a_change_of_the_settings_does_not_concern_what_is_recorded(
    settings: Settings,
    declare: Declare,
    todo: Todo,
    send: Send,
    ordering: str,
    recorded: Any,
    expected: Any,
) -> None:
    configure(settings, recorded, ORDERING=ordering)
    declare().run(object=todo)
    configure(settings, {"todo.*": {"room": "b", "more": 1}}, ORDERING=ordering)
    send()

    assert sent() == [recorded["todo.*"] if expected is None else expected]


def test_a_removed_route_does_not_concern_what_is_recorded(
    settings: Settings, declare: Declare, todo: Todo
) -> None:
    configure(settings, {"todo.*": {"room": "a"}})
    declare().run(object=todo)
    configure(settings, {"other.*": {"room": "b"}})
    send_with_a_lane()

    assert sent() == [{"room": "a"}]


def test_a_route_that_is_added_does_not_concern_what_an_action_chose_without_one(
    settings: Settings, declare: Declare, todo: Todo
) -> None:
    configure(settings, [])
    declare(publish=("first",)).run(object=todo)
    configure(settings, {"todo.*": {"room": "b"}})
    send_with_a_lane()

    assert sent() == [{}]


@pytest.mark.parametrize("ordering_scope", ["", "todos.todo"])
@pytest.mark.parametrize("send", [send_with_a_lane, drain])
def test_what_was_recorded_without_options_has_those_of_the_settings(
    settings: Settings, queue: Queue, send: Send, ordering_scope: str
) -> None:
    ordering = "key" if ordering_scope else "none"
    configure(settings, {"todo.*": {"room": "now"}}, ORDERING=ordering)
    queue(ordering_scope=ordering_scope)
    send()

    assert sent() == [{"room": "now"}]


def test_options_that_json_cannot_represent_are_those_of_the_settings(
    settings: Settings, declare: Declare, todo: Todo
) -> None:
    configure(settings, {"todo.*": {"delay": timedelta(hours=1)}})
    declare().run(object=todo)
    configure(settings, {"todo.*": {"delay": timedelta(hours=2)}})
    send_with_a_lane()

    assert sent() == [{"delay": timedelta(hours=2)}]


def test_a_retry_and_a_replay_keep_the_recorded_options(
    settings: Settings, declare: Declare, todo: Todo
) -> None:
    def reject(_message: Any) -> None:
        raise PublishRejected("no such room")

    configure(settings, {"todo.*": {"room": "a"}})
    declare().run(object=todo)
    configure(settings, {"todo.*": {"room": "b"}})
    script.behave = reject
    send_with_a_lane()
    assert Delivery.objects.get().state == DeliveryState.DEAD
    script.behave = accept
    Delivery.objects.replay()
    send_with_a_lane()

    assert sent() == [{"room": "a"}] * 2
    assert Delivery.objects.get().state == DeliveryState.DELIVERED


def test_a_publisher_that_changes_the_options_changes_only_its_own(
    settings: Settings, declare: Declare, todo: Todo
) -> None:
    def change(message: Any) -> Any:
        message.options.clear()
        return accept(message)

    configure(settings, {"todo.*": {"room": "a"}})
    action = declare()
    action.run(object=todo)
    script.behave = change
    send_with_a_lane()
    action.run(object=todo)

    assert get_settings().route_options("first", "todo.poke") == {"room": "a"}
    assert Delivery.objects.latest("pk").options == {"room": "a"}


def test_captured_messages_have_the_recorded_options(
    settings: Settings, declare: Declare, todo: Todo
) -> None:
    configure(settings, {"todo.*": {"room": "a"}})
    with captured() as messages:
        declare().run(object=todo)
        configure(settings, {"todo.*": {"room": "b"}})

    assert [message.options for message in messages.of("first")] == [{"room": "a"}]


def test_a_row_that_sql_inserts_without_options_is_sent(
    settings: Settings, make_event: Any
) -> None:
    # As an older release does, which does not know the column.
    configure(settings, {"todo.*": {"room": "now"}})
    event = make_event()
    with connection.cursor() as cursor:
        key = event.pk.hex if connection.vendor == "sqlite" else event.pk
        cursor.execute(
            "INSERT INTO dj_actions_delivery (event_id, publisher) VALUES (%s, 'first')", [key]
        )
    send_with_a_lane()

    assert sent() == [{"room": "now"}]
