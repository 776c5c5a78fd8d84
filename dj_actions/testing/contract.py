"""The contract of every publisher, as tests to inherit for your own."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dj_actions.identifiers import uuid7
from dj_actions.messages import Actor, Message, Receipt
from dj_actions.publishers import BasePublisher

LOOKUP_SECONDS = 30.0


def make_message(**changes: Any) -> Message:
    """Return a message about one todo, with the given fields replaced."""
    message = Message(
        id=uuid7(),
        resource="todo",
        action="mark_done",
        version=1,
        object_id="7",
        object_ids=("7",),
        actor=Actor(id="1", label="ann"),
        data={"note": "bought two"},
        result={"id": 7, "done": True},
        summary="ann finished Buy milk",
        recipients=(),
        extra={},
        traceparent="",
        occurred_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    )
    return replace(message, **changes)


class PublisherContract(ABC):
    """Tests of a publisher: inherit it, create the publisher, and count the effects of messages.

    The destination must be reachable, and accept messages, while these tests run.
    """

    remembers = True
    """Whether the destination recognizes a message that it already has."""

    @abstractmethod
    def make_publisher(self) -> BasePublisher:
        """Return a publisher that is ready to publish."""

    @abstractmethod
    def count_effects(self, message: Message) -> int:
        """Return the number of objects that the destination has because of this message."""

    def make_message(self, **changes: Any) -> Message:
        """Return a message that the destination accepts; override it to add options."""
        return make_message(**changes)

    def test_a_message_has_one_effect_and_a_receipt(self) -> None:
        message = self.make_message()
        receipt = self.make_publisher().publish(message)
        assert isinstance(receipt, Receipt)
        assert receipt.id
        assert self.count_effects(message) == 1

    def test_publishing_twice_has_one_effect_and_the_same_receipt(self) -> None:
        publisher, message = self.make_publisher(), self.make_message()
        first = publisher.publish(message)
        second = publisher.publish(replace(message, attempt=2))
        assert first == second
        assert self.count_effects(message) == (1 if self.remembers else 2)

    def test_another_instance_recognizes_a_published_message(self) -> None:
        message = self.make_message()
        first = self.make_publisher().publish(message)
        second = self.make_publisher().publish(message)
        assert first == second
        assert self.count_effects(message) == (1 if self.remembers else 2)

    def test_many_messages_have_one_outcome_each_in_order(self) -> None:
        messages = [self.make_message() for _ in range(3)]
        outcomes = list(self.make_publisher().publish_many(messages))
        assert [type(outcome) for outcome in outcomes] == [Receipt] * 3
        assert [self.count_effects(message) for message in messages] == [1, 1, 1]

    def test_any_json_text_survives(self) -> None:
        text = 'ünï \U0001f600 "quoted" \\ / <b> & \u2028 newline\n'
        message = self.make_message(summary=text, extra={"text": text}, data={"deep": [[{}]]})
        self.make_publisher().publish(message)
        assert self.count_effects(message) == 1

    def test_a_bulk_message_without_an_actor_is_accepted(self) -> None:
        message = self.make_message(
            action="bulk_mark_done", object_id=None, object_ids=("1", "2", "3"), actor=None
        )
        self.make_publisher().publish(message)
        assert self.count_effects(message) == 1

    def test_closing_twice_and_publishing_after_is_allowed(self) -> None:
        publisher, message = self.make_publisher(), self.make_message()
        publisher.close()
        publisher.close()
        assert publisher.publish(message).id
        publisher.close()

    def test_asking_whether_it_is_reachable_changes_nothing(self) -> None:
        publisher, message = self.make_publisher(), self.make_message()
        publisher.publish(message)
        assert publisher.check_reachable() in {True, False}
        assert self.count_effects(message) == 1

    def test_its_receipts_fit_the_columns_they_are_stored_in(self) -> None:
        receipt = self.make_publisher().publish(self.make_message())
        json.dumps(receipt.id)
        assert max(len(receipt.id), len(receipt.scope)) <= 255
        assert len(receipt.url) <= 2000

    def test_looking_up_a_message_finds_it_and_changes_nothing(self) -> None:
        publisher, message = self.make_publisher(), self.make_message()
        if not publisher.supports_lookup:
            return
        receipt = publisher.publish(message)
        results = list(publisher.look_up(message, receipt, LOOKUP_SECONDS))
        assert results
        assert all(result.scope and result.exists for result in results)
        assert self.count_effects(message) == 1

    def test_tracking_answers_each_receipt_in_order(self) -> None:
        publisher = self.make_publisher()
        if not publisher.supports_tracking:
            return
        receipts: Sequence[Receipt] = [publisher.publish(self.make_message()) for _ in range(2)]
        unknown = replace(receipts[0], id=f"{receipts[0].id}-unknown")
        runs = publisher.track([unknown, *receipts])
        assert len(runs) == 3
        assert runs[0].state == "lost"
        assert all(run.state != "lost" for run in runs[1:])
