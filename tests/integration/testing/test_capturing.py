"""captured() keeps messages, sends none, and leaves everything as it was."""

from __future__ import annotations

import pytest
from django.test import override_settings
from pytest_django import Settings

from dj_actions.exceptions import InvalidSetting
from dj_actions.messages import Message
from dj_actions.models import Delivery
from dj_actions.publishers import publishers
from dj_actions.publishers.memory import MemoryPublisher, outboxes
from dj_actions.testing import Captured, assert_delivered, captured, drain
from example.todos.actions import BulkMarkDone, HandOver, MarkDone
from example.todos.models import Todo
from tests.conftest import InThread, MakeTodo
from tests.fixtures.relay import failure
from tests.integration.testing.conftest import MEMORY, Configure

pytestmark = pytest.mark.django_db

NOWHERE = "no.such.Publisher"


class Stumble(Exception):
    """What a block stumbles over."""


@pytest.fixture(autouse=True)
def _configured(configure: Configure) -> None:
    """Two publishers that would show what was sent."""
    configure(backend=MEMORY)


def labels(messages: list[Message]) -> list[str]:
    return [message.label for message in messages]


def test_messages_are_there_after_the_block_and_nothing_was_sent(
    todo: Todo, make_todo: MakeTodo
) -> None:
    with captured() as kept:
        event = MarkDone.run(object=todo, data={"note": "two"}).event
        HandOver.run(object=make_todo(), data={"to": "ann"})
        assert kept.messages == []

    assert labels(kept.of("feeds")) == ["todo.mark_done", "todo.hand_over"]
    assert labels(kept.of("pipelines")) == ["todo.mark_done"]
    assert kept.messages == kept.of("feeds") + kept.of("pipelines")
    assert kept.messages[0].id == event.pk
    assert kept.messages[0].data == {"note": "two"}
    assert not any(outboxes.values())


def test_a_publisher_that_is_in_use_already_is_captured_too(todo: Todo) -> None:
    assert isinstance(publishers["feeds"], MemoryPublisher)
    with captured() as kept:
        MarkDone.run(object=todo)

    assert len(kept.of("feeds")) == 1


def test_messages_are_there_after_a_drain_inside_the_block(todo: Todo) -> None:
    with captured() as kept:
        MarkDone.run(object=todo)
        assert drain() == 2
        assert len(kept.messages) == 2
    assert len(kept.messages) == 2


def test_routes_and_their_options_stay(make_todo: MakeTodo) -> None:
    with captured() as kept:
        BulkMarkDone.run(objects=[make_todo(), make_todo()])

    assert [message.options for message in kept.of("feeds")] == [{"group": "todos"}]
    assert [message.options for message in kept.of("pipelines")] == [{}]


def test_deliveries_are_settled_as_usual(todo: Todo) -> None:
    with captured():
        event = MarkDone.run(object=todo).event

    assert assert_delivered(event, to="feeds").receipt_id == str(event.pk)


def test_a_message_that_is_delivered_again_is_kept_once(todo: Todo) -> None:
    with captured("feeds") as kept:
        event = MarkDone.run(object=todo).event
        for _ in range(2):
            drain("feeds")
            event.deliveries.update(state="pending", settled_at=None, receipt_id="")

    assert len(kept.messages) == 1


def test_only_the_chosen_publishers_are_captured(todo: Todo) -> None:
    with captured("feeds") as kept:
        MarkDone.run(object=todo)
        drain("pipelines")

    assert len(kept.messages) == len(kept.of("feeds")) == 1
    assert len(outboxes["pipelines"]) == 1


def test_the_publishers_that_were_not_chosen_are_not_drained(todo: Todo) -> None:
    with captured("feeds"):
        event = MarkDone.run(object=todo).event

    assert assert_delivered(event).publisher == "feeds"


def test_deliveries_due_before_the_block_stay(todo: Todo, make_todo: MakeTodo) -> None:
    before = MarkDone.run(object=todo).event
    with captured() as kept:
        inside = MarkDone.run(object=make_todo()).event

    assert {message.id for message in kept.messages} == {inside.pk}
    assert {delivery.state for delivery in before.deliveries.all()} == {"pending"}


def test_a_delivery_that_is_replayed_in_the_block_is_captured(todo: Todo) -> None:
    event = MarkDone.run(object=todo).event
    rows = Delivery.objects.filter(publisher="feeds")
    (held,) = rows.claim("feeds", limit=1, lease=60)
    rows.give_up(held, failure())
    with captured("feeds") as kept:
        rows.replay()

    assert [message.id for message in kept.messages] == [event.pk]


def test_afterwards_the_configured_publishers_work_again(todo: Todo) -> None:
    with captured():
        pass
    MarkDone.run(object=todo)
    drain()

    assert isinstance(publishers["feeds"], MemoryPublisher)
    assert len(outboxes["feeds"]) == len(outboxes["pipelines"]) == 1


def stumble_captured(todo: Todo) -> None:
    with captured():
        MarkDone.run(object=todo)
        raise Stumble


def test_after_an_exception_too_and_then_nothing_is_delivered(todo: Todo) -> None:
    with pytest.raises(Stumble):
        stumble_captured(todo)

    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
    assert isinstance(publishers["feeds"], MemoryPublisher)
    assert drain() == 2
    assert len(outboxes["feeds"]) == 1


def test_settings_that_are_overridden_inside_let_nothing_out(todo: Todo) -> None:
    new = {"BACKEND": NOWHERE, "ROUTES": ["todo.*"]}
    with captured() as kept:
        with override_settings(DJ_ACTIONS={"PUBLISHERS": {"feeds": new, "more": new}}):
            MarkDone.run(object=todo)
            assert drain() == 2
        assert len(kept.of("feeds")) == len(kept.of("more")) == 1
        assert drain() == 0

    assert isinstance(publishers["feeds"], MemoryPublisher)
    assert not any(outboxes.values())


def test_settings_that_are_overridden_for_good_inside_hold_afterwards(
    todo: Todo, settings: Settings
) -> None:
    with captured() as kept:
        settings.DJ_ACTIONS = {"PUBLISHERS": {"other": {"BACKEND": MEMORY, "ROUTES": ["todo.*"]}}}
        MarkDone.run(object=todo)

    assert len(kept.of("other")) == 1
    assert isinstance(publishers["other"], MemoryPublisher)


def test_settings_may_change_in_turn_with_the_block(todo: Todo) -> None:
    new = {"BACKEND": NOWHERE, "ROUTES": ["todo.*"]}
    with override_settings(DJ_ACTIONS={"PUBLISHERS": {"feeds": new}}), captured() as kept:
        MarkDone.run(object=todo)

    assert len(kept.messages) == 1
    assert isinstance(publishers["feeds"], MemoryPublisher)


def test_other_threads_send_nothing_either(in_thread: InThread[object]) -> None:
    with captured() as kept:
        backend = in_thread(lambda: type(publishers["feeds"]).__name__)

    assert backend == "RecordingPublisher"
    assert kept.messages == []


def test_blocks_can_be_nested(todo: Todo, make_todo: MakeTodo) -> None:
    with captured() as outer:
        MarkDone.run(object=todo)
        with captured("feeds") as inner:
            HandOver.run(object=make_todo(), data={"to": "ann"})

    assert labels(inner.messages) == ["todo.hand_over"]
    assert labels(outer.messages) == ["todo.mark_done"] * 2
    assert not any(outboxes.values())


@pytest.mark.django_db(transaction=True)
def test_it_works_without_a_transaction(todo: Todo) -> None:
    with captured() as kept:
        MarkDone.run(object=todo)

    assert len(kept.messages) == 2


def test_unknown_publishers_are_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidSetting, match=r"no publisher 'feed' .* Did you mean 'feeds'"):
        captured("feed").__enter__()
    with captured() as kept:
        pass
    with pytest.raises(InvalidSetting, match=r"no publisher 'feed' .* Did you mean 'feeds'"):
        kept.of("feed")


def test_it_starts_empty() -> None:
    assert Captured().messages == []
