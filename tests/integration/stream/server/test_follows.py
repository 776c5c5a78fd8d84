"""Follows with the unmodified stream-python client over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dj_actions_stream.server.models import FeedEntry, Follow
from django.db import connection
from django.test.utils import CaptureQueriesContext
from stream import exceptions

from tests.integration.stream.server.calls import Caller

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def activity(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "actor": "user:1",
        "verb": "add",
        "object": f"todo:{number}",
        "foreign_id": f"event:{number}",
        "time": NOW + timedelta(seconds=number),
        **changes,
    }


def fill(feed: Any, count: int) -> None:
    for start in range(0, count, 100):
        numbers = range(start, min(start + 100, count))
        feed.add_activities([activity(number) for number in numbers])


def objects(feed: Any, **parameters: Any) -> list[str]:
    return [result["object"] for result in feed.get(limit=100, **parameters)["results"]]


class Feeds:
    """The feeds of a test, by the client."""

    def __init__(self, client: Any) -> None:
        self.user = client.feed("user", "eric")
        self.other = client.feed("user", "anna")
        self.timeline = client.feed("timeline", "bob")


@pytest.fixture
def feeds(stream_client: Any) -> Feeds:
    """An author's feed, another author's, and a reader's timeline."""
    return Feeds(stream_client)


class TestCopies:
    def test_a_new_follower_gets_what_exists_and_what_is_added(self, feeds: Feeds) -> None:
        feeds.user.add_activity(activity(1))
        feeds.timeline.follow("user", "eric")
        feeds.user.add_activity(activity(2))

        first, second = feeds.timeline.get()["results"]
        assert [first["object"], second["object"]] == ["todo:2", "todo:1"]
        assert first["origin"] == second["origin"] == "user:eric"

    @pytest.mark.parametrize(("limit", "expected"), [(None, 100), (0, 0), (1, 1), (120, 120)])
    def test_the_newest_are_copied_up_to_a_limit(
        self, feeds: Feeds, limit: int | None, expected: int
    ) -> None:
        fill(feeds.user, 130)
        feeds.timeline.follow("user", "eric", activity_copy_limit=limit)

        copies = FeedEntry.objects.filter(feed="timeline:bob").newest_first()
        times = [entry.time for entry in copies]
        assert times == [NOW + timedelta(seconds=129 - number) for number in range(expected)]

    def test_following_again_has_no_effect(self, feeds: Feeds) -> None:
        fill(feeds.user, 3)
        feeds.timeline.follow("user", "eric", activity_copy_limit=1)
        feeds.timeline.follow("user", "eric")

        assert objects(feeds.timeline) == ["todo:2"]
        assert Follow.objects.count() == 1

    def test_fan_out_is_one_level(self, feeds: Feeds, stream_client: Any) -> None:
        feeds.timeline.follow("user", "eric")
        second = stream_client.feed("timeline", "carl")
        second.follow("timeline", "bob")
        feeds.user.add_activity(activity())

        assert objects(feeds.timeline) == ["todo:0"]
        assert objects(second) == []
        third = stream_client.feed("timeline", "dave")
        third.follow("timeline", "bob")
        assert objects(third) == []

    def test_copies_by_to_reach_the_followers_of_the_target(
        self, feeds: Feeds, stream_client: Any
    ) -> None:
        feeds.timeline.follow("user", "anna")
        added = feeds.user.add_activity(activity(to=["user:anna"]))

        assert feeds.other.get()["results"][0]["origin"] is None
        (copy,) = feeds.timeline.get()["results"]
        assert (copy["id"], copy["origin"]) == (added["id"], "user:anna")

    def test_an_activity_of_two_followed_feeds_is_shown_once(self, feeds: Feeds) -> None:
        for author in ("eric", "anna"):
            feeds.timeline.follow("user", author)
        added = [feed.add_activity(activity()) for feed in (feeds.user, feeds.other)]

        (shown,) = feeds.timeline.get()["results"]
        assert shown["id"] == added[0]["id"] == added[1]["id"]
        feeds.timeline.unfollow("user", "eric")
        (shown,) = feeds.timeline.get()["results"]
        assert shown["origin"] == "user:anna"

    def test_removing_takes_the_followers_copies(self, feeds: Feeds) -> None:
        feeds.timeline.follow("user", "eric")
        feeds.timeline.follow("user", "anna")
        first = feeds.user.add_activity(activity(1))
        feeds.user.add_activity(activity(2, to=["user:anna"]))

        feeds.user.remove_activity(first["id"])
        assert objects(feeds.timeline) == ["todo:2"]
        feeds.user.remove_activity(foreign_id="event:2")
        assert objects(feeds.timeline) == []

    def test_a_large_feed_is_followed_with_the_same_work(
        self, feeds: Feeds, stream_client: Any
    ) -> None:
        def work(reader: str) -> int:
            with CaptureQueriesContext(connection) as queries:
                Caller()("POST", f"feed/timeline/{reader}/follows/", {"target": "user:eric"})
            return len(queries)

        fill(feeds.user, 150)
        few = work("carl")
        fill(feeds.user, 1200)
        assert work("dave") == few


class TestUnfollowing:
    def test_it_takes_the_copies(self, feeds: Feeds) -> None:
        fill(feeds.user, 2)
        feeds.timeline.add_activity(activity(7))
        feeds.timeline.follow("user", "eric")
        feeds.timeline.unfollow("user", "eric")
        feeds.user.add_activity(activity(3))

        assert objects(feeds.timeline) == ["todo:7"]
        assert feeds.timeline.following()["results"] == []

    def test_history_can_be_kept(self, feeds: Feeds) -> None:
        fill(feeds.user, 2)
        feeds.timeline.follow("user", "eric")
        feeds.timeline.unfollow("user", "eric", keep_history=True)
        feeds.user.add_activity(activity(3))

        assert objects(feeds.timeline) == ["todo:1", "todo:0"]

    def test_what_is_not_followed_is_not_an_error(self, feeds: Feeds) -> None:
        assert set(feeds.timeline.unfollow("user", "eric")) == {"duration"}


class TestMany:
    def test_follows(self, feeds: Feeds, stream_client: Any) -> None:
        fill(feeds.user, 30)
        follows = [{"source": "timeline:bob", "target": f"user:{name}"} for name in ("eric", "x")]
        stream_client.follow_many(follows, activity_copy_limit=20)

        assert len(objects(feeds.timeline)) == 20
        targets = [follow["target_id"] for follow in feeds.timeline.following()["results"]]
        assert targets == ["user:x", "user:eric"]

    def test_one_that_is_not_flat_leaves_no_trace(self, stream_client: Any) -> None:
        with pytest.raises(exceptions.FeedConfigException):
            stream_client.follow_many(
                [
                    {"source": "timeline:bob", "target": "user:eric"},
                    {"source": "timeline:bob", "target": "notification:eric"},
                ]
            )
        assert not Follow.objects.exists()

    def test_unfollows(self, feeds: Feeds, stream_client: Any) -> None:
        feeds.user.add_activity(activity(1))
        feeds.other.add_activity(activity(2))
        feeds.timeline.follow("user", "eric")
        feeds.timeline.follow("user", "anna")
        stream_client.unfollow_many(
            [
                {"source": "timeline:bob", "target": "user:eric", "keep_history": True},
                {"source": "timeline:bob", "target": "user:anna", "keep_history": False},
                {"source": "timeline:bob", "target": "user:nobody"},
            ]
        )

        assert objects(feeds.timeline) == ["todo:1"]
        assert not Follow.objects.exists()

    @pytest.mark.parametrize("wrong", [{"target": 42}, {}, {"target": "x"}, {"target": "user:1"}])
    def test_a_wrong_item_leaves_no_trace(self, stream_client: Any, wrong: dict[str, Any]) -> None:
        items = [{"source": "user:1", "target": "user:2"}, {"source": "user:1", **wrong}]
        for send in (stream_client.follow_many, stream_client.unfollow_many):
            with pytest.raises(exceptions.InputException):
                send(items)
        assert not Follow.objects.exists()

    def test_many_feeds_get_an_activity_but_not_their_followers(
        self, feeds: Feeds, stream_client: Any
    ) -> None:
        feeds.timeline.follow("user", "eric")
        stream_client.add_to_many(activity(), ["user:eric", "user:anna", "user:eric"])

        assert objects(feeds.user) == objects(feeds.other) == ["todo:0"]
        assert objects(feeds.timeline) == []

    @pytest.mark.parametrize(
        ("changes", "feeds"),
        [
            ({"to": ["user:anna"]}, ["user:eric"]),
            ({}, []),
            ({}, [f"user:{number}" for number in range(5001)]),
            ({"actor": None}, ["user:eric"]),
        ],
    )
    def test_a_wrong_addition_to_many_feeds(
        self, stream_client: Any, changes: dict[str, Any], feeds: list[str]
    ) -> None:
        with pytest.raises(exceptions.InputException):
            stream_client.add_to_many(activity(**changes), feeds)
        assert not FeedEntry.objects.exists()


class TestLists:
    def test_following_and_followers_are_newest_first(self, stream_client: Any) -> None:
        social = stream_client.feed("user", "social")
        for name in ("a", "b", "c"):
            social.follow("user", name)
            stream_client.feed("user", name).follow("user", "social")

        following = social.following(limit=2)["results"]
        assert [item["target_id"] for item in following] == ["user:c", "user:b"]
        assert {item["feed_id"] for item in following} == {"user:social"}
        followers = social.followers(offset=1, limit=2)["results"]
        assert [item["feed_id"] for item in followers] == ["user:b", "user:a"]
        assert {item["target_id"] for item in followers} == {"user:social"}
        assert followers[0]["created_at"].endswith("Z")

    def test_a_filter_says_whether_a_feed_is_followed(self, stream_client: Any) -> None:
        social = stream_client.feed("user", "social")
        social.follow("user", "a")
        stream_client.feed("user", "b").follow("user", "social")

        asked = ["user:a", "user:b"]
        (following,) = social.following(feeds=asked)["results"]
        (follower,) = social.followers(feeds=asked)["results"]
        assert (following["target_id"], follower["feed_id"]) == ("user:a", "user:b")
        assert social.following(feeds=["user:c"])["results"] == []

    def test_statistics_by_group(self, stream_client: Any) -> None:
        timeline = stream_client.feed("timeline", "bob")
        timeline.follow("user", "a")
        timeline.follow("user", "b")
        timeline.follow("timeline", "c")
        stream_client.feed("user", "d").follow("timeline", "bob")

        def counts(**slugs: list[str]) -> tuple[int, int]:
            results = stream_client.follow_stats("timeline:bob", **slugs)["results"]
            assert results["followers"]["feed"] == results["following"]["feed"] == "timeline:bob"
            return results["followers"]["count"], results["following"]["count"]

        assert counts() == (1, 3)
        assert counts(followers_slugs=["timeline"], following_slugs=["timeline"]) == (0, 1)
        assert counts(followers_slugs=["user", "timeline"], following_slugs=["user"]) == (1, 2)


class TestInvalidRequests:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "target"),
            ({"target": 7}, "target"),
            ({"target": "user"}, "target"),
            ({"target": "timeline:bob"}, "target"),
            ({"target": "user:eric", "activity_copy_limit": -1}, "activity_copy_limit"),
            ({"target": "user:eric", "activity_copy_limit": 1001}, "activity_copy_limit"),
            ({"target": "user:eric", "activity_copy_limit": True}, "activity_copy_limit"),
            ({"target": "user:eric", "activity_copy_limit": "5"}, "activity_copy_limit"),
        ],
    )
    def test_a_wrong_follow(self, call: Caller, body: dict[str, Any], field: str) -> None:
        answer = call("POST", "feed/timeline/bob/follows/", body)

        assert (call.status, answer["code"]) == (400, 4)
        assert list(answer["exception_fields"]) == [field]
        assert not Follow.objects.exists()

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"limit": "501"}, 8),
            ({"offset": "401"}, 8),
            ({"limit": "x"}, 8),
            ({"filter": "user"}, 4),
        ],
    )
    @pytest.mark.parametrize("name", ["follows", "following", "followers"])
    def test_a_wrong_page(self, call: Caller, name: str, query: dict[str, str], code: int) -> None:
        answer = call("GET", f"feed/timeline/bob/{name}/", query=query)

        assert (call.status, answer["code"]) == (400, code)

    @pytest.mark.parametrize(
        ("method", "path", "query"),
        [
            ("DELETE", "feed/timeline/bob/follows/user:eric/", {"keep_history": "perhaps"}),
            ("DELETE", "feed/timeline/bob/follows/user/", {}),
            ("DELETE", "feed/timeline/bob/follows/timeline:bob/", {}),
            ("POST", "follow_many/", {"activity_copy_limit": "1001"}),
            ("POST", "follow_many/", {"activity_copy_limit": "-1"}),
            ("GET", "stats/follow/", {}),
            ("GET", "stats/follow/", {"followers": "user"}),
        ],
    )
    def test_a_wrong_query(
        self, call: Caller, method: str, path: str, query: dict[str, str]
    ) -> None:
        answer = call(method, path, [], query=query)

        assert (call.status, answer["code"]) == (400, 4)

    @pytest.mark.parametrize("body", [{}, [1], [None], [{"source": "user:1"}] * 2501])
    def test_a_wrong_list(self, call: Caller, body: Any) -> None:
        for path in ("follow_many/", "unfollow_many/"):
            assert (call("POST", path, body)["code"], call.status) == (4, 400)

    def test_a_target_token_has_to_fit(self, call: Caller) -> None:
        answer = call(
            "POST", "feed/timeline/bob/follows/", {"target": "user:eric", "target_token": "x"}
        )
        assert (call.status, answer["code"]) == (401, 3)

    @pytest.mark.parametrize(
        "claims",
        [
            {"resource": "follower", "action": "write", "feed_id": "timelinebob"},
            {"resource": "*", "action": "*", "feed_id": "timelinebob"},
        ],
    )
    def test_a_servers_token_needs_none_of_the_target(
        self, call: Caller, claims: dict[str, str]
    ) -> None:
        # As that of the Go client, which sends none, and that of stream-js.
        body = {"target": "user:eric"}
        call("POST", "feed/timeline/bob/follows/", body, claims=claims)

        assert call.status == 201
        assert Follow.objects.filter(follower="timeline:bob", target="user:eric").exists()

    def test_it_follows_with_its_own_feed_only(self, call: Caller) -> None:
        claims = {"resource": "follower", "action": "write", "feed_id": "timelineeve"}
        answer = call("POST", "feed/timeline/bob/follows/", {"target": "user:eric"}, claims=claims)

        assert (call.status, answer["code"]) == (403, 17)
        assert not Follow.objects.exists()


def test_the_async_client(connect: Callable[..., Any]) -> None:
    async def follow_and_read() -> tuple[Any, ...]:
        client = connect(use_async=True)
        timeline, user = client.feed("timeline", "bob"), client.feed("user", "eric")
        await timeline.follow("user", "eric", activity_copy_limit=5)
        await client.follow_many([{"source": "timeline:bob", "target": "user:anna"}])
        await user.add_activity(activity())
        read = await timeline.get()
        following = await timeline.following()
        followers = await user.followers()
        statistics = await client.follow_stats("timeline:bob")
        await timeline.unfollow("user", "eric", keep_history=False)
        await client.unfollow_many([{"source": "timeline:bob", "target": "user:anna"}])
        await client.add_to_many(activity(9), ["timeline:bob"])
        return read, following, followers, statistics, await timeline.get()

    read, following, followers, statistics, after = asyncio.run(follow_and_read())
    assert [result["origin"] for result in read["results"]] == ["user:eric"]
    assert len(following["results"]) == 2
    assert [item["feed_id"] for item in followers["results"]] == ["timeline:bob"]
    assert statistics["results"]["following"]["count"] == 2
    assert [result["object"] for result in after["results"]] == ["todo:9"]
