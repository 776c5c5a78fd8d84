"""The activity that is built from a message."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from dj_actions_stream.activities import (
    MAX_ACTIVITY_BYTES,
    MAX_TARGETS,
    build_activity,
    foreign_id,
)

from dj_actions.exceptions import PublishRejected
from dj_actions.messages import Actor, Message
from dj_actions.testing.contract import make_message

ID = UUID("019b8e0c-0000-7000-8000-000000000007")
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def size_of(message: Message) -> int:
    """Return the size in bytes of a message's activity as it is sent."""
    return len(json.dumps(build_activity(message, to=[])).encode())


def message_of_size(size: int) -> Message:
    """Return a message whose activity has exactly this size in bytes."""
    return make_message(summary="x" * (size - size_of(make_message(summary=""))))


def test_an_activity_says_what_happened() -> None:
    message = make_message(id=ID, extra={"list": "groceries"})

    assert build_activity(message, to=["team:blue"]) == {
        "actor": "user:1",
        "verb": "mark_done",
        "object": "todo:7",
        "foreign_id": "djactions:019b8e0c-0000-7000-8000-000000000007",
        "time": "2026-01-02T03:04:05.678901",
        "actor_label": "ann",
        "resource": "todo",
        "object_ids": ["7"],
        "summary": "ann finished Buy milk",
        "data": {"note": "bought two"},
        "extra": {"list": "groceries"},
        "to": ["team:blue"],
    }


def test_a_bulk_activity_names_the_collection_and_every_object() -> None:
    activity = build_activity(make_message(object_id=None, object_ids=("1", "2")), to=[])

    assert (activity["object"], activity["object_ids"]) == ("todo:*", ["1", "2"])


def test_without_an_actor_it_is_the_system() -> None:
    activity = build_activity(make_message(actor=None), to=[])

    assert (activity["actor"], activity["actor_label"]) == ("system", "")


def test_an_actor_without_a_name_is_still_that_actor() -> None:
    activity = build_activity(make_message(actor=Actor(id="0", label="")), to=[])

    assert (activity["actor"], activity["actor_label"]) == ("user:0", "")


def test_an_object_id_of_zero_is_not_a_collection() -> None:
    assert build_activity(make_message(object_id="0"), to=[])["object"] == "todo:0"


@pytest.mark.parametrize("changes", [{}, {"attempt": 9}, {"options": {"feed": "team:blue"}}])
def test_one_message_is_one_activity_at_every_attempt(changes: dict[str, Any]) -> None:
    message = make_message()

    assert build_activity(replace(message, **changes), to=[]) == build_activity(message, to=[])


def test_two_messages_are_two_activities() -> None:
    assert foreign_id(make_message()) != foreign_id(make_message())


@pytest.mark.parametrize(
    ("occurred_at", "time"),
    [
        pytest.param(NOON, "2026-01-02T12:00:00.000000", id="whole second"),
        pytest.param(
            NOON.replace(microsecond=7), "2026-01-02T12:00:00.000007", id="one microsecond"
        ),
        pytest.param(
            NOON.replace(microsecond=999_999), "2026-01-02T12:00:00.999999", id="never rounded"
        ),
        pytest.param(
            NOON.astimezone(timezone(timedelta(hours=5, minutes=30))),
            "2026-01-02T12:00:00.000000",
            id="east of UTC",
        ),
        pytest.param(
            NOON.astimezone(timezone(timedelta(hours=-13))),
            "2026-01-02T12:00:00.000000",
            id="on another day",
        ),
    ],
)
def test_the_time_is_utc_with_six_digits_and_no_zone(occurred_at: datetime, time: str) -> None:
    assert build_activity(make_message(occurred_at=occurred_at), to=[])["time"] == time


def test_values_that_only_djangos_encoder_supports_are_not_lost() -> None:
    """The client silently sends null for them."""
    activity = build_activity(
        make_message(data={"price": Decimal("1.50")}, extra={"id": ID}), to=[]
    )

    assert (activity["data"], activity["extra"]) == ({"price": "1.50"}, {"id": str(ID)})


def test_an_activity_of_the_largest_size_is_taken() -> None:
    assert size_of(message_of_size(MAX_ACTIVITY_BYTES)) == MAX_ACTIVITY_BYTES


def test_one_byte_more_is_rejected_with_both_sizes() -> None:
    with pytest.raises(PublishRejected, match=r"todo\.mark_done has 10241 bytes.* accepts 10240"):
        build_activity(message_of_size(MAX_ACTIVITY_BYTES + 1), to=[])


def test_the_size_is_counted_as_it_is_sent() -> None:
    """A non-ASCII character is sent as a six-byte escape."""
    with pytest.raises(PublishRejected, match="bytes"):
        build_activity(make_message(summary="ü" * (MAX_ACTIVITY_BYTES // 6)), to=[])


def test_as_many_recipients_as_stream_takes_are_taken() -> None:
    targets = [f"user:{number}" for number in range(MAX_TARGETS)]

    assert build_activity(make_message(), to=targets)["to"] == targets


def test_one_recipient_more_is_rejected_with_both_numbers() -> None:
    targets = [f"user:{number}" for number in range(MAX_TARGETS + 1)]

    with pytest.raises(PublishRejected, match=r"todo\.mark_done has 101 recipients.* accepts 100"):
        build_activity(make_message(), to=targets)
