"""Updates of an activity's targets with the unmodified stream-python client over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from stream import exceptions

from tests.integration.stream.server.calls import Caller

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 5, 6, 7, 89012, tzinfo=UTC)
PATH = "feed_targets/user/eric/activity_to_targets/"
PAIR = {"foreign_id": "event:1", "time": "2026-03-04T05:06:07.089012"}


def activity(**changes: Any) -> dict[str, Any]:
    return {
        "actor": "user:1",
        "verb": "add",
        "object": "todo:7",
        "foreign_id": "event:1",
        "time": NOW,
        **changes,
    }


def shown_in(client: Any, *feeds: str) -> list[int]:
    return [len(client.feed(*feed.split(":")).get()["results"]) for feed in feeds]


@pytest.fixture
def added(stream_client: Any) -> Any:
    """An activity in user:eric with two targets, one of which timeline:bob follows."""
    stream_client.feed("timeline", "bob").follow("user", "a")
    stream_client.feed("timeline", "carl").follow("user", "c")
    return stream_client.feed("user", "eric").add_activity(activity(to=["user:a", "user:b"]))


def test_new_targets_replace_the_old_ones(stream_client: Any, added: Any) -> None:
    changed = stream_client.feed("user", "eric").update_activity_to_targets(
        "event:1", NOW, new_targets=["user:b", "user:c"]
    )

    assert changed["activity"]["id"] == added["id"]
    assert changed["activity"]["to"] == ["user:b", "user:c"]
    assert (changed["added"], changed["removed"]) == (["user:c"], ["user:a"])
    assert shown_in(stream_client, "user:eric", "user:a", "user:b", "user:c") == [1, 0, 1, 1]
    # Copies at the targets' followers come and go with them.
    assert shown_in(stream_client, "timeline:bob", "timeline:carl") == [0, 1]


def test_targets_are_added_and_removed(stream_client: Any, added: Any) -> None:
    changed = stream_client.feed("user", "eric").update_activity_to_targets(
        "event:1", NOW, added_targets=["user:c", "user:b"], removed_targets=["user:a", "user:x"]
    )

    assert changed["activity"]["to"] == ["user:b", "user:c"]
    assert (changed["added"], changed["removed"]) == (["user:c"], ["user:a"])


def test_all_targets_are_removed(stream_client: Any, added: Any) -> None:
    eric = stream_client.feed("user", "eric")
    changed = eric.update_activity_to_targets("event:1", NOW, new_targets=[])

    assert changed["activity"]["to"] == []
    assert shown_in(stream_client, "user:eric", "user:a", "user:b") == [1, 0, 0]
    assert "to" not in eric.get()["results"][0]


def test_a_copy_that_another_feed_sent_remains(stream_client: Any, added: Any) -> None:
    stream_client.feed("user", "anna").add_activity(activity(to=["user:a"]))
    stream_client.feed("user", "eric").update_activity_to_targets("event:1", NOW, new_targets=[])

    assert shown_in(stream_client, "user:a", "timeline:bob") == [1, 1]


@pytest.mark.parametrize("feed", ["user:eric", "user:a"])
def test_an_activity_that_was_not_added_to_the_feed(stream_client: Any, feed: str) -> None:
    stream_client.feed("user", "anna").add_activity(activity(to=["user:a"]))
    with pytest.raises(exceptions.DoesNotExistException) as caught:
        stream_client.feed(*feed.split(":")).update_activity_to_targets(
            "event:1", NOW, new_targets=["user:b"]
        )
    assert caught.value.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        PAIR,
        {"foreign_id": "event:1", "new_targets": []},
        {**PAIR, "foreign_id": "", "new_targets": []},
        {**PAIR, "time": "soon", "new_targets": []},
        {**PAIR, "new_targets": "user:a"},
        {**PAIR, "new_targets": ["user"]},
        {**PAIR, "new_targets": ["user:a"], "added_targets": ["user:b"]},
        {**PAIR, "added_targets": [f"user:x{number}" for number in range(100)]},
        {**PAIR, "new_targets": [f"user:x{number}" for number in range(101)]},
    ],
    ids=lambda body: repr(body)[:60],
)
def test_a_wrong_change(call: Caller, added: Any, body: dict[str, Any]) -> None:
    answer = call("POST", PATH, body)

    assert (call.status, answer["code"]) == (400, 4)


def test_the_async_client(connect: Callable[..., Any]) -> None:
    async def change() -> Any:
        feed = connect(use_async=True).feed("user", "eric")
        await feed.add_activity(activity(to=["user:a"]))
        return await feed.update_activity_to_targets("event:1", NOW, added_targets=["user:b"])

    assert asyncio.run(change())["activity"]["to"] == ["user:a", "user:b"]
