"""drain() does what a relay would, without one, and the same each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from dj_actions.exceptions import InvalidSetting
from dj_actions.messages import Message, Receipt
from dj_actions.models import Delivery
from dj_actions.publishers.memory import MemoryPublisher, outboxes
from dj_actions.signals import delivery_settled
from dj_actions.testing import FailingPublisher, assert_delivered, drain
from example.todos.actions import HandOver, MarkDone
from example.todos.models import Todo
from tests.conftest import InThread, MakeTodo
from tests.integration.testing.conftest import HOUR, Configure

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _configured(configure: Configure) -> None:
    """Two publishers that are well."""


@pytest.fixture
def on_settled() -> Iterator[Callable[[Callable[..., Any]], None]]:
    """Return a function that connects a receiver until the test ends."""
    receivers: list[Callable[..., Any]] = []

    def connect(receiver: Callable[..., Any]) -> None:
        delivery_settled.connect(receiver)
        receivers.append(receiver)

    yield connect
    for receiver in receivers:
        delivery_settled.disconnect(receiver)


def mark_done(make_todo: MakeTodo, count: int) -> None:
    for _ in range(count):
        MarkDone.run(object=make_todo())


def test_what_is_due_is_delivered_and_counted(make_todo: MakeTodo) -> None:
    mark_done(make_todo, 3)

    assert drain() == 6
    assert_delivered(MarkDone, to="feeds", times=3)
    assert_delivered(MarkDone, to="pipelines", times=3)
    assert drain() == 0


def test_messages_come_in_the_order_of_their_events_and_know_their_route(
    make_todo: MakeTodo,
) -> None:
    mark_done(make_todo, 3)
    drain()
    received = outboxes["feeds"]

    assert [message.id for message in received] == sorted(message.id for message in received)
    assert [message.options for message in received] == [{"group": "todos"}] * 3


def test_only_the_chosen_publishers_are_served(todo: Todo) -> None:
    event = MarkDone.run(object=todo).event

    assert drain("pipelines") == 1
    assert assert_delivered(event).publisher == "pipelines"


def test_an_unknown_publisher_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidSetting, match=r"no publisher 'feed' .* Did you mean 'feeds'"):
        drain("pipelines", "feed")


def test_what_fails_waits_and_is_not_counted(configure: Configure, todo: Todo) -> None:
    configure(times=1)
    MarkDone.run(object=todo)

    assert drain("feeds") == 0
    delivery = Delivery.objects.get(publisher="feeds")
    assert (delivery.state, delivery.attempts) == ("pending", 1)
    assert delivery.available_at - timezone.now() > timedelta(seconds=HOUR / 2)
    assert drain("feeds") == 0
    assert len(FailingPublisher.received["feeds"]) == 1


def test_what_is_given_up_is_counted(configure: Configure, todo: Todo) -> None:
    configure(times=1, error="PublishRejected")
    MarkDone.run(object=todo)

    assert drain("feeds") == 1
    assert Delivery.objects.get(publisher="feeds").state == "dead"


def test_without_the_waits_each_call_is_one_more_try(configure: Configure, todo: Todo) -> None:
    configure(times=2)
    MarkDone.run(object=todo)

    assert [drain("feeds", ignore_waits=True) for _ in range(3)] == [0, 0, 1]
    assert assert_delivered(MarkDone, to="feeds").attempts == 3
    assert [message.attempt for message in FailingPublisher.received["feeds"]] == [1, 2, 3]


@pytest.mark.parametrize("error", ["PublisherUnavailable", "RateLimited", "PublisherMisconfigured"])
def test_without_the_waits_each_delivery_is_tried_once_however_many_fail(
    configure: Configure, make_todo: MakeTodo, error: str
) -> None:
    configure(times=1, error=error)
    mark_done(make_todo, 10)

    assert drain("feeds", ignore_waits=True) == 0
    assert len(FailingPublisher.received["feeds"]) == 10
    assert drain("feeds", ignore_waits=True) == 10


def test_with_the_waits_the_circuit_breaker_stops_as_in_a_relay(
    configure: Configure, make_todo: MakeTodo
) -> None:
    configure(times=1)
    mark_done(make_todo, 10)

    assert drain("feeds") == 0
    assert len(FailingPublisher.received["feeds"]) == 3


def test_without_the_waits_other_publishers_are_left_alone(todo: Todo) -> None:
    MarkDone.run(object=todo)
    later = timezone.now() + timedelta(days=1)
    Delivery.objects.update(available_at=later)

    assert drain("feeds", ignore_waits=True) == 1
    assert Delivery.objects.get(publisher="pipelines").available_at == later


class HastyPublisher(FailingPublisher):
    """Makes all that waits due again before it fails."""

    def publish(self, message: Message) -> Receipt:
        """Undo the waits."""
        Delivery.objects.all().retry_now()
        return super().publish(message)


def test_what_is_due_again_before_the_end_is_still_tried_once(
    settings: Settings, make_todo: MakeTodo
) -> None:
    entry = {"BACKEND": f"{__name__}.HastyPublisher", "ROUTES": ["todo.*"], "BATCH_SIZE": 1}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": entry}}
    mark_done(make_todo, 3)
    drain()

    assert [message.attempt for message in FailingPublisher.received["feeds"]] == [1, 1, 1]


class CountingPublisher(MemoryPublisher):
    """Notes how many messages it is given at once."""

    counts: ClassVar[list[int]] = []

    def publish_many(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Note how many there are."""
        self.counts.append(len(messages))
        return super().publish_many(messages)


def test_messages_come_in_batches_of_the_size_that_is_set(
    configure: Configure, make_todo: MakeTodo
) -> None:
    configure(backend=f"{__name__}.CountingPublisher")
    mark_done(make_todo, 9)

    assert drain("feeds") == 9
    assert CountingPublisher.counts == [4, 4, 1]


def test_what_a_delivery_sets_off_is_delivered_too(
    todo: Todo, make_todo: MakeTodo, on_settled: Callable[..., None]
) -> None:
    other = make_todo()

    def act_again(publisher: str, **_: Any) -> None:
        if publisher == "feeds" and not Delivery.objects.filter(event__action="hand_over"):
            HandOver.run(object=other, data={"to": "ann"})

    on_settled(act_again)
    MarkDone.run(object=todo)

    assert drain() == 3
    assert_delivered(HandOver)


def test_what_a_killed_relay_has_left_behind_is_taken_over(todo: Todo) -> None:
    MarkDone.run(object=todo)
    Delivery.objects.claim("feeds", limit=1, lease=-1)

    assert drain("feeds") == 1
    assert assert_delivered(MarkDone).attempts == 2


def test_a_publisher_that_cannot_be_created_is_reported_and_holds_nothing(
    configure: Configure, todo: Todo
) -> None:
    configure(backend="no.such.Publisher")
    assert drain("feeds") == 0
    MarkDone.run(object=todo)

    with pytest.raises(InvalidSetting, match=r"no\.such\.Publisher|cannot be imported"):
        drain()
    assert Delivery.objects.get(publisher="feeds").state == "pending"


def test_it_works_in_an_open_transaction_which_it_leaves_open(todo: Todo) -> None:
    with transaction.atomic():
        MarkDone.run(object=todo)
        assert drain() == 2
        transaction.set_rollback(True)

    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_works_without_a_transaction(todo: Todo, in_thread: InThread[int]) -> None:
    MarkDone.run(object=todo)

    assert not connection.in_atomic_block
    assert drain() == 2
    assert in_thread(Delivery.objects.filter(state="delivered").count) == 2
