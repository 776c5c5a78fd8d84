"""The activity that is built from a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from dj_actions_stream.activities.conversion import activity_of
from dj_actions_stream.activities.sizes import MAX_ACTIVITY_BYTES, json_bytes
from dj_actions_stream.mapping.message_mapping import MessageMapping

from dj_actions.messages import Actor, Message
from dj_actions.testing.contract import make_message

ID = UUID("019b8e0c-0000-7000-8000-000000000007")
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def activity(message: Message) -> dict[str, Any]:
    """Return the activity of a message, as it is by default."""
    (effect,) = MessageMapping(alias="feeds").effects(message)
    return activity_of(effect)


def test_an_activity_says_what_happened_and_nothing_private() -> None:
    message = make_message(id=ID, extra={"list": "groceries"}, options={"object_label": "Buy milk"})

    assert activity(message) == {
        "actor": "user:1",
        "verb": "mark_done",
        "object": "todo:7",
        "foreign_id": "djactions:019b8e0c-0000-7000-8000-000000000007",
        "time": "2026-01-02T03:04:05.678901",
        "actor_label": "ann",
        "object_label": "Buy milk",
        "resource": "todo",
        "object_ids": ["7"],
        "object_count": 1,
        "summary": "ann finished Buy milk",
    }


def test_a_bulk_activity_names_the_collection_and_every_object() -> None:
    found = activity(make_message(object_id=None, object_ids=("1", "2")))

    assert (found["object"], found["object_ids"]) == ("todo:*", ["1", "2"])


def test_without_an_actor_it_is_the_system() -> None:
    found = activity(make_message(actor=None))

    assert found["actor"] == "system"
    assert "actor_label" not in found


def test_an_actor_without_a_name_is_still_that_actor() -> None:
    assert activity(make_message(actor=Actor(id="0", label="")))["actor"] == "user:0"


def test_an_object_id_of_zero_is_not_a_collection() -> None:
    assert activity(make_message(object_id="0"))["object"] == "todo:0"


@pytest.mark.parametrize("changes", [{"attempt": 9}, {"options": {"feed": "team:blue"}}])
def test_one_message_is_one_activity_at_every_attempt(changes: dict[str, Any]) -> None:
    message = make_message()

    assert activity(replace(message, **changes)) == activity(message)


def test_two_messages_are_two_activities() -> None:
    assert activity(make_message())["foreign_id"] != activity(make_message())["foreign_id"]


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
    assert activity(make_message(occurred_at=occurred_at))["time"] == time


def test_values_that_only_djangos_encoder_supports_are_not_lost() -> None:
    """The client silently sends null for them."""
    (effect,) = MessageMapping(alias="feeds").effects(make_message())
    extra = {"price": Decimal("1.50"), "id": ID}

    found = activity_of(replace(effect, extra=extra))
    assert (found["price"], found["id"]) == ("1.50", str(ID))


@pytest.mark.parametrize("letter", ["x", "я", "あ", "😀"])
def test_a_long_summary_is_shortened_to_what_stream_accepts(letter: str) -> None:
    found = activity(make_message(summary=letter * 9_000))

    assert json_bytes(found) <= MAX_ACTIVITY_BYTES
    assert found["summary"].startswith(letter * 2_000)


@pytest.mark.parametrize("letter", ["x", "я", "あ", "😀"])
def test_a_summary_that_stream_accepts_is_not_shortened(letter: str) -> None:
    summary = letter * (9_500 // len(letter.encode()))

    assert activity(make_message(summary=summary))["summary"] == summary


def test_a_bulk_activity_of_a_thousand_objects_fits() -> None:
    ids = tuple(str(UUID(int=number)) for number in range(1000))
    found = activity(make_message(object_id=None, object_ids=ids))

    assert json_bytes(found) <= MAX_ACTIVITY_BYTES
    assert (found["object_count"], found["truncated"]) == (1000, ["object_ids"])
    assert found["object_ids"] == list(ids[: len(found["object_ids"])])


def test_a_verb_is_shortened_to_what_stream_accepts() -> None:
    (effect,) = MessageMapping(alias="feeds").effects(make_message())

    assert len(activity_of(replace(effect, verb="ü" * 200))["verb"].encode()) <= 255
