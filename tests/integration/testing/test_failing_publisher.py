"""The publisher that fails as often, and with the error, as configured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dj_actions.exceptions import (
    InvalidSetting,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.messages import Message
from dj_actions.models import Delivery
from dj_actions.publishers import BasePublisher, publishers
from dj_actions.publishers.memory import outboxes
from dj_actions.testing import FailingPublisher, PublisherContract, drain, make_message
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.integration.testing.conftest import Configure


def fails(publisher: BasePublisher, message: Message) -> bool:
    try:
        publisher.publish(message)
    except PublisherUnavailable:
        return True
    return False


def test_by_default_a_message_fails_once() -> None:
    publisher, message = FailingPublisher(alias="feeds"), make_message()

    assert [fails(publisher, message) for _ in range(3)] == [True, False, False]
    assert outboxes["feeds"] == [message]


def test_each_message_fails_the_configured_number_of_times() -> None:
    publisher = FailingPublisher(alias="feeds", times=2)
    first, second = make_message(), make_message()
    tries = [fails(publisher, message) for message in (first, second, first, second, second, first)]

    assert tries == [True, True, True, True, False, False]
    assert outboxes["feeds"] == [second, first]


def test_it_keeps_the_message_of_each_attempt() -> None:
    publisher, message = FailingPublisher(alias="feeds"), make_message()
    again = replace(message, attempt=2)
    fails(publisher, message)
    fails(publisher, again)

    assert FailingPublisher.received["feeds"] == [message, again]
    assert FailingPublisher.received["pipelines"] == []


def test_another_instance_continues_to_count() -> None:
    message = make_message()

    assert fails(FailingPublisher(alias="feeds"), message)
    assert not fails(FailingPublisher(alias="feeds"), message)


@pytest.mark.parametrize(
    ("error", "raised", "said"),
    [
        ("PublishRejected", PublishRejected, "^Simulated failure 1 of 1.$"),
        (PublishRejected, PublishRejected, "failure 1 of 1"),
        (RuntimeError, RuntimeError, "failure 1 of 1"),
        (RateLimited("slow down", retry_after=7), RateLimited, "slow down"),
        (KeyError("bug"), KeyError, "bug"),
    ],
)
def test_it_raises_the_configured_error(error: Any, raised: type[Exception], said: str) -> None:
    publisher = FailingPublisher(alias="feeds", error=error)

    with pytest.raises(raised, match=said):
        publisher.publish(make_message())


def test_an_exception_that_is_raised_again_does_not_grow() -> None:
    publisher = FailingPublisher(alias="feeds", error=PublishRejected("no"))
    depths = []
    for _ in range(3):
        with pytest.raises(PublishRejected) as refused:
            publisher.publish(make_message())
        depths.append(len(refused.traceback))

    assert len(set(depths)) == 1


@pytest.mark.django_db
def test_it_is_configured_by_the_settings(configure: Configure, todo: Todo) -> None:
    configure(times=1, error=RateLimited("slow down", retry_after=7))
    MarkDone.run(object=todo)
    drain("feeds")
    delivery = Delivery.objects.get(publisher="feeds")

    assert (delivery.attempts, delivery.errors[0]["kind"]) == (0, "rate limited")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"error": "RateLimitd"}, "Did you mean 'RateLimited'?"),
        ({"error": "OutsideTransaction"}, "which is not a PublishError"),
        ({"error": 500}, "error must be an exception or the name of a PublishError, not 500"),
        ({"error": KeyboardInterrupt}, "error must be an exception"),
        ({"times": -1}, "times must be at least 0, not -1"),
        ({"times": "two"}, "TypeError"),
        ({"tmes": 2}, "Did you mean 'times'?"),
    ],
)
def test_options_that_cannot_be_used_are_refused(
    configure: Configure, options: dict[str, Any], said: str
) -> None:
    configure(**options)

    with pytest.raises(InvalidSetting) as refused:
        publishers["feeds"]
    assert said in str(refused.value)


class TestContract(PublisherContract):
    """The contract, kept by a publisher that has no failures left."""

    def make_publisher(self) -> BasePublisher:
        return FailingPublisher(alias="well", times=0)

    def count_effects(self, message: Message) -> int:
        return sum(kept.id == message.id for kept in outboxes["well"])
