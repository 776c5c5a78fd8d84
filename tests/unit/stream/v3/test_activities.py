"""Effects become requests of Feeds v3."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from dj_actions_stream.effects import Effect, EffectKind
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.v3.activities import (
    activities_of,
    activity_ids_of,
    changes_of,
    follows_of,
    unfollows_of,
    user_id_of,
)

EFFECT = Effect(
    kind=EffectKind.ADD,
    id="djactions:1",
    event_id="1",
    time=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    actor="user:7",
    verb="mark_done",
    object="todo:3",
    target="list:5",
    feeds=(FeedId("user", "7"), FeedId("log", "all")),
    to=(FeedId("team", "1"), FeedId("log", "all")),
    labels={"actor": "ann", "object": "Buy milk", "target": "Groceries"},
    summary="ann finished Buy milk",
    resource="todo",
    object_ids=("3",),
    extra={"data": {"price": Decimal("1.50")}},
)


def test_an_activity_has_all_fields_of_its_effect() -> None:
    (activity,) = activities_of(EFFECT)

    assert (activity.id, activity.type, activity.user_id) == ("djactions:1", "mark_done", "7")
    assert activity.text == "ann finished Buy milk"
    assert activity.feeds == ["user:7", "log:all", "team:1"]
    assert activity.custom == {
        "actor": "user:7",
        "object": "todo:3",
        "target": "list:5",
        "time": "2026-01-02T03:04:05.678901",
        "actor_label": "ann",
        "object_label": "Buy milk",
        "target_label": "Groceries",
        "resource": "todo",
        "object_ids": ["3"],
        "object_count": 1,
        "data": {"price": "1.50"},
    }


@pytest.mark.parametrize(
    ("number", "ids"),
    [
        (25, ["djactions:1"]),
        (26, ["djactions:1", "djactions:1--2"]),
        (51, ["djactions:1", "djactions:1--2", "djactions:1--3"]),
    ],
)
def test_feeds_beyond_the_limit_get_a_copy(number: int, ids: list[str]) -> None:
    feeds = tuple(FeedId("team", str(key)) for key in range(number))
    effect = replace(EFFECT, feeds=feeds[:1], to=feeds[1:])
    activities = activities_of(effect)

    assert [activity.id for activity in activities] == activity_ids_of(effect) == ids
    assert all(len(activity.feeds) <= 25 for activity in activities)
    assert [feed for activity in activities for feed in activity.feeds] == list(map(str, feeds))


def test_a_large_activity_is_shortened() -> None:
    (activity,) = activities_of(replace(EFFECT, summary="ü" * 20_000))

    assert len(activity.text.encode()) < 10_240
    assert activity.custom["truncated"] == ["summary"]


@pytest.mark.parametrize(
    ("actor", "user_id"),
    [("user:7", "7"), ("system", "system"), ("", "system"), ("member:a@b", "a_b--")],
)
def test_the_user_is_the_key_of_the_actor(actor: str, user_id: str) -> None:
    assert user_id_of(replace(EFFECT, actor=actor)).startswith(user_id)


def test_changed_fields_are_set_in_their_places() -> None:
    update = replace(
        EFFECT, kind=EffectKind.UPDATE, extra={"summary": "ann did", "object_label": "Bread"}
    )
    (change,) = changes_of(update)

    assert change.activity_id == "djactions:1"
    assert change.set == {"text": "ann did", "custom.object_label": "Bread"}


def test_each_feed_follows_each_other() -> None:
    pairs = [
        ("user:7", "team:1"),
        ("user:7", "log:all"),
        ("log:all", "team:1"),
        ("log:all", "log:all"),
    ]

    assert [(follow.source, follow.target) for follow in follows_of(EFFECT)] == pairs
    assert [(follow.source, follow.target) for follow in unfollows_of(EFFECT)] == pairs
