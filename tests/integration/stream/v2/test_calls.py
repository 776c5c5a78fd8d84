"""What the publisher sends for each kind of effect, and how it reads the responses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from dj_actions_stream import Effect, EffectKind
from dj_actions_stream.feed_ids import FeedId

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.messages import Message, Receipt
from dj_actions.testing.contract import make_message
from tests.fixtures.destinations import failure_of, serve
from tests.fixtures.scripted_server import Answer, Request, as_json
from tests.integration.stream.v2.destination import StreamDestination

MESSAGE = make_message()
GONE = {"detail": "gone", "code": 16, "exception": "DoesNotExistException", "status_code": 404}


class Everything(StreamDestination):
    """Accepts every call, and knows one activity."""

    def __call__(self, request: Request) -> Answer:
        """Respond to one request."""
        if request.path == "/api/v1.0/activities/":
            return as_json({"results": [{"id": "known"}], "duration": "1ms"})
        if "activities" in (request.body or {}):
            added = [{"id": item["foreign_id"]} for item in request.body["activities"]]
            return as_json({"activities": added, "duration": "1ms"}, 201)
        if request.path == "/api/v1.0/reaction/":
            return as_json({"id": request.body["id"], "duration": "1ms"}, 201)
        if "foreign_id" in (request.body or {}):
            return super().__call__(request)
        return as_json({"duration": "1ms"})


@pytest.fixture
def destination(direct_connections: None) -> Iterator[Everything]:
    """A running server, and publishers to it."""
    yield from serve(Everything())


def publish(destination: Everything, *changes: dict[str, Any]) -> Receipt:
    """Publish a message with one effect for each dict of changes of the default one."""

    def activity(_message: Message, default: Effect) -> list[Effect]:
        return [replace(default, **change) for change in changes]

    return destination.make(activity=activity).publish(MESSAGE)


def sent(destination: Everything) -> list[tuple[str, str]]:
    """Return the method and path of each request."""
    return [
        (request.method, request.path.removeprefix("/api/v1.0/"))
        for request in destination.server.requests
    ]


def test_updates_are_one_call_for_a_hundred(destination: Everything) -> None:
    updates = [
        {"kind": EffectKind.UPDATE, "id": f"djactions:{number}", "extra": {"seen": number}}
        for number in range(150)
    ]
    publish(destination, *updates)

    assert sent(destination) == [("POST", "activity/")] * 2
    changes = [change for one in destination.server.requests for change in one.body["changes"]]
    assert [change["foreign_id"] for change in changes] == [one["id"] for one in updates]
    assert changes[7] == {
        "foreign_id": "djactions:7",
        "time": "2026-01-02T03:04:05.678901",
        "set": {"seen": 7},
        "unset": [],
    }


def test_an_activity_that_is_gone_does_not_stop_the_update_of_others(
    destination: Everything,
) -> None:
    destination.server.script(as_json(GONE, 404), as_json(GONE, 404), at="/activity/")
    publish(
        destination,
        *({"kind": EffectKind.UPDATE, "id": f"djactions:{name}"} for name in "abc"),
    )

    updated = [
        [change["foreign_id"][-1] for change in request.body["changes"]]
        for request in destination.server.requests
    ]
    assert updated == [["a", "b", "c"], ["a"], ["b"], ["c"]]


def test_an_activity_that_is_gone_counts_as_removed(destination: Everything) -> None:
    destination.server.script(as_json(GONE, 404), at="/feed/")
    receipt = publish(destination, {"kind": EffectKind.REMOVE})

    assert receipt.scope == "user:1"
    assert sent(destination) == [("DELETE", f"feed/user/1/djactions:{MESSAGE.id}/")]


def test_a_removal_reaches_every_feed_to_which_the_activity_was_added(
    destination: Everything,
) -> None:
    targets = tuple(FeedId("team", str(number)) for number in range(150))
    publish(destination, {"to": targets}, {"kind": EffectKind.REMOVE, "to": targets})

    path = f"djactions:{MESSAGE.id}/"
    assert sent(destination) == [
        ("POST", "feed/team/100/"),
        ("POST", "feed/user/1/"),
        ("DELETE", f"feed/user/1/{path}"),
        ("DELETE", f"feed/team/100/{path}"),
    ]
    assert [len(one.body["to"]) for one in destination.server.requests[:2]] == [49, 100]


def test_follows_are_one_call_and_unfollows_one_each(destination: Everything) -> None:
    feeds = {"feeds": (FeedId("timeline", "1"),), "to": (FeedId("user", "2"), FeedId("user", "3"))}
    publish(destination, {"kind": EffectKind.FOLLOW, **feeds})
    publish(destination, {"kind": EffectKind.UNFOLLOW, **feeds})

    assert sent(destination) == [
        ("POST", "follow_many/"),
        ("DELETE", "feed/timeline/1/follows/user:2/"),
        ("DELETE", "feed/timeline/1/follows/user:3/"),
    ]
    assert destination.server.requests[0].body == [
        {"source": "timeline:1", "target": "user:2"},
        {"source": "timeline:1", "target": "user:3"},
    ]


@pytest.mark.parametrize("kind", [EffectKind.FOLLOW, EffectKind.UNFOLLOW])
def test_following_nothing_is_refused(destination: Everything, kind: EffectKind) -> None:
    assert isinstance(failure_of(lambda: publish(destination, {"kind": kind})), PublishRejected)


REACTION = {
    "kind": EffectKind.REACT,
    "verb": "like",
    "feeds": (),
    "to": (FeedId("notification", "2"),),
    "extra": {"data": {"stars": 5}},
}


def test_a_reaction_is_added_to_the_activity_that_it_is_about(destination: Everything) -> None:
    receipt = publish(destination, REACTION)

    assert receipt.id == str(MESSAGE.id)
    lookup, added = destination.server.requests
    assert lookup.query["foreign_ids"] == [f"djactions:{MESSAGE.id}"]
    assert added.body == {
        "id": str(MESSAGE.id),
        "kind": "like",
        "activity_id": "known",
        "user_id": "1",
        "data": {"data": {"stars": 5}},
        "target_feeds": ["notification:2"],
    }


def test_a_reaction_that_was_added_before_is_a_success(destination: Everything) -> None:
    conflict = {"detail": "exists", "code": 22, "exception": "ConflictException"}
    destination.server.script(as_json(conflict, 409), at="/reaction/")

    assert publish(destination, REACTION).id == str(MESSAGE.id)


def test_a_reaction_waits_for_its_activity(destination: Everything) -> None:
    destination.server.script(as_json({"results": [], "duration": "1ms"}), at="/activities/")

    assert isinstance(failure_of(lambda: publish(destination, REACTION)), DestinationNotFound)


def test_a_reaction_with_too_many_targets_is_refused(destination: Everything) -> None:
    targets = tuple(FeedId("user", str(number)) for number in range(21))

    error = failure_of(lambda: publish(destination, {**REACTION, "to": targets}))
    assert isinstance(error, PublishRejected)


@pytest.mark.parametrize(
    "kind", [EffectKind.UPDATE, EffectKind.FOLLOW, EffectKind.UNFOLLOW, EffectKind.REACT]
)
def test_a_response_that_is_not_streams_is_no_success(
    destination: Everything, kind: EffectKind
) -> None:
    destination.server.script(as_json({"message": "no Route matched"}, 404))
    effect = {"kind": kind, "to": (FeedId("user", "2"),)}

    assert isinstance(failure_of(lambda: publish(destination, effect)), PublisherUnavailable)


@pytest.mark.parametrize(
    "body", [{"activities": []}, {"activities": None}, {"activities": [{}, {}]}, {"ok": True}]
)
def test_a_batch_needs_an_id_for_each_activity(destination: Everything, body: Any) -> None:
    destination.server.script(as_json({**body, "duration": "1ms"}, 201), at="/feed/")
    first, second = destination.make().publish_many([make_message(), make_message()])

    # Each is sent again by itself: adding an activity twice changes nothing.
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert sent(destination) == [("POST", "feed/user/1/")] * 3


def test_no_call_is_made_that_would_be_over_the_limit(destination: Everything) -> None:
    resets_at = int(time.time()) + 50
    spent = {"x_ratelimit_limit": "1000", "x_ratelimit_remaining": "0"}
    answer = as_json({"id": "a", "duration": "1ms"}, 201, **spent, x_ratelimit_reset=str(resets_at))
    destination.server.script(answer, at="/feed/")
    publisher = destination.make()
    publisher.publish(make_message())

    error = failure_of(lambda: publisher.publish(make_message()))
    assert isinstance(error, RateLimited)
    assert error.retry_after == pytest.approx(50, abs=5)
    assert destination.server.count("POST", "/feed/") == 1
    assert publisher.check_reachable()  # another endpoint


def test_a_message_without_effects_is_delivered(destination: Everything) -> None:
    assert publish(destination).id == f"djactions:{MESSAGE.id}"
    assert sent(destination) == []
