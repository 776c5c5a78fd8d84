"""Feed groups: aggregated, notification and ranked feeds, by the real client over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings
from stream import exceptions

from tests.integration.stream.server.calls import Caller

NOW = datetime(2026, 3, 4, 5, 6, 7, 89012, tzinfo=UTC)


def activity(number: int, *, verb: str = "like", actor: str = "user:1", **fields: Any) -> Any:
    """Return an activity that is older the higher its number is."""
    return {
        "actor": actor,
        "verb": verb,
        "object": f"photo:{number}",
        "foreign_id": f"{verb}:{number}",
        "time": NOW - timedelta(minutes=number),
        **fields,
    }


def keys(page: dict[str, Any]) -> list[str]:
    return [group["group"] for group in page["results"]]


def declare(settings: Settings, **groups: Any) -> None:
    settings.FEEDS_SERVER = {**settings.FEEDS_SERVER, "GROUPS": groups}


def test_an_aggregated_feed_returns_groups(stream_client: Any) -> None:
    feed = stream_client.feed("aggregated", "1")
    added = feed.add_activities(
        [
            activity(0, verb="like"),
            activity(1, verb="follow"),
            activity(2, verb="like", actor="user:2"),
            activity(3, verb="like"),
        ]
    )["activities"]
    page = feed.get()

    assert page["next"] == ""
    assert keys(page) == ["like_2026-03-04", "follow_2026-03-04"]
    likes = page["results"][0]
    assert [item["id"] for item in likes["activities"]] == [added[n]["id"] for n in (0, 2, 3)]
    assert likes["activities"][0]["object"] == "photo:0"
    assert (likes["verb"], likes["activity_count"], likes["actor_count"]) == ("like", 3, 2)
    assert likes["updated_at"] == NOW
    assert likes["created_at"] == NOW - timedelta(minutes=3)
    assert "is_seen" not in likes
    assert "unseen" not in page


def test_a_group_lists_its_newest_activities(stream_client: Any) -> None:
    feed = stream_client.feed("timeline_aggregated", "1")
    feed.add_activities([activity(number) for number in range(40)])
    (group,) = feed.get()["results"]

    assert group["activity_count"] == 40
    assert [item["object"] for item in group["activities"]] == [f"photo:{n}" for n in range(15)]


def test_a_group_shrinks_and_goes_with_its_activities(stream_client: Any) -> None:
    feed = stream_client.feed("aggregated", "1")
    feed.add_activities([activity(0), activity(1)])
    feed.remove_activity(foreign_id="like:0")
    assert feed.get()["results"][0]["activity_count"] == 1

    feed.remove_activity(foreign_id="like:1")
    assert feed.get()["results"] == []


def test_a_new_activity_moves_its_group_to_the_top(stream_client: Any) -> None:
    feed = stream_client.feed("aggregated", "1")
    feed.add_activities([activity(1, verb="follow"), activity(2, verb="like")])
    assert keys(feed.get()) == ["follow_2026-03-04", "like_2026-03-04"]

    feed.add_activity(activity(0, verb="like"))
    assert keys(feed.get()) == ["like_2026-03-04", "follow_2026-03-04"]


def test_groups_are_paged_by_id_and_by_offset(stream_client: Any) -> None:
    feed = stream_client.feed("aggregated", "1")
    verbs = ["a", "b", "c", "d", "e"]
    feed.add_activities([activity(number, verb=verb) for number, verb in enumerate(verbs * 3)])
    everything = feed.get()["results"]
    first = feed.get(limit=2)
    assert first["results"] == everything[:2]

    second = feed.get(limit=2, id_lt=first["results"][-1]["id"])
    third = feed.get(limit=2, id_lt=second["results"][-1]["id"])
    assert second["results"] + third["results"] == everything[2:]
    assert f"id_lt={second['results'][-1]['id']}" in second["next"]
    assert third["next"] == ""
    assert feed.get(limit=2, offset=3)["results"] == everything[3:]
    assert feed.get(id_gte=everything[1]["id"])["results"] == everything[:2]
    assert feed.get(id_gt=everything[1]["id"])["results"] == everything[:1]
    assert feed.get(id_lte=everything[3]["id"])["results"] == everything[3:]


def test_a_declared_format_decides(stream_client: Any, settings: Settings) -> None:
    text = "{% if verb == 'follow' %}{{ actor }}_{{ verb }}{% else %}{{ list.name }}{% endif %}"
    declare(settings, lists={"TYPE": "aggregated", "AGGREGATION": text})
    feed = stream_client.feed("lists", "1")
    feed.add_activities(
        [
            activity(0, verb="follow"),
            activity(1, list={"name": "home"}),
            activity(2, verb="follow", actor="user:2"),
            activity(3, list={"name": "home"}),
        ]
    )
    assert keys(feed.get()) == ["user:1_follow", "home", "user:2_follow"]


@pytest.mark.django_db
def test_a_format_that_fails_for_an_activity_is_an_error(call: Caller, settings: Settings) -> None:
    declare(settings, odd={"TYPE": "aggregated", "AGGREGATION": "{{ when.strftime('%Y') }}"})
    added = call("POST", "feed/odd/1/", {"actor": "a", "verb": "v", "object": "o", "when": "now"})
    found = call("GET", "feed/odd/1/")

    assert (call.status, found["code"], found["exception"]) == (400, 14, "AggregationException")
    assert added["id"] in found["detail"]


def test_a_notification_feed_counts_what_is_unseen_and_unread(stream_client: Any) -> None:
    feed = stream_client.feed("notification", "1")
    feed.add_activities([activity(0, verb="like"), activity(1, verb="follow"), activity(2)])
    page = feed.get()

    assert (page["unseen"], page["unread"]) == (2, 2)
    assert [(item["is_seen"], item["is_read"]) for item in page["results"]] == [(False, False)] * 2


def test_all_groups_are_marked(stream_client: Any) -> None:
    feed = stream_client.feed("notification", "1")
    feed.add_activities([activity(number, verb=verb) for number, verb in enumerate("abcd")])
    marking = feed.get(limit=1, mark_seen=True)
    assert (marking["unseen"], marking["results"][0]["is_seen"]) == (4, False)

    page = feed.get(mark_read="true")
    assert (page["unseen"], page["unread"]) == (0, 4)
    assert {item["is_seen"] for item in page["results"]} == {True}
    page = feed.get()
    assert (page["unseen"], page["unread"]) == (0, 0)


def test_the_groups_of_a_page_are_marked(stream_client: Any) -> None:
    feed = stream_client.feed("notification", "1")
    feed.add_activities([activity(number, verb=verb) for number, verb in enumerate("abcd")])
    feed.get(limit=2, offset=1, mark_read="current", mark_seen="current")
    page = feed.get()

    assert [item["is_read"] for item in page["results"]] == [False, True, True, False]
    assert [item["is_seen"] for item in page["results"]] == [False, True, True, False]


def test_groups_are_marked_by_the_id_of_any_of_their_activities(stream_client: Any) -> None:
    feed = stream_client.feed("notification", "1")
    added = feed.add_activities(
        [activity(0, verb="a"), activity(1, verb="b"), activity(2, verb="a"), activity(3, verb="c")]
    )["activities"]
    feed.get(mark_seen=[added[1]["id"], added[2]["id"]])
    feed.get(mark_read=added[3]["id"])
    page = feed.get()

    assert [item["is_seen"] for item in page["results"]] == [True, True, False]
    assert [item["is_read"] for item in page["results"]] == [False, False, True]


def test_a_new_activity_makes_its_group_unseen_again(stream_client: Any) -> None:
    feed = stream_client.feed("notification", "1")
    feed.add_activities([activity(1, verb="a"), activity(2, verb="b")])
    feed.get(mark_seen=True, mark_read=True)
    feed.add_activity(activity(0, verb="b"))
    page = feed.get()

    assert [(item["verb"], item["is_seen"]) for item in page["results"]] == [
        ("b", False),
        ("a", True),
    ]
    assert (page["unseen"], page["unread"]) == (1, 1)


def test_an_activity_that_arrives_late_makes_its_group_unseen_again(stream_client: Any) -> None:
    feed = stream_client.feed("notification", "1")
    feed.add_activities([activity(1, verb="a"), activity(2, verb="b")])
    feed.get(mark_seen=True)
    feed.add_activity(activity(30, verb="b"))

    assert feed.get()["unseen"] == 1


def test_the_same_activity_again_leaves_its_group_seen(stream_client: Any) -> None:
    feed = stream_client.feed("notification", "1")
    feed.add_activity(activity(1))
    feed.get(mark_seen=True)
    feed.add_activity(activity(1))

    assert feed.get()["unseen"] == 0


def test_marks_belong_to_one_feed(stream_client: Any) -> None:
    first, second = (stream_client.feed("notification", name) for name in "12")
    for feed in (first, second):
        feed.add_activity(activity(1))
    first.get(mark_seen=True)

    assert (first.get()["unseen"], second.get()["unseen"]) == (0, 1)


@pytest.mark.parametrize("value", ["yes", "7", "a,b", "true,current"])
def test_marks_that_are_not_understood_are_refused(call: Caller, value: str) -> None:
    assert call("GET", "feed/notification/1/", query={"mark_seen": value})["code"] == 4
    assert call.status == 400


@pytest.mark.parametrize("slug", ["user", "aggregated"])
def test_only_notification_feeds_are_marked(stream_client: Any, slug: str) -> None:
    with pytest.raises(exceptions.FeedConfigException):
        stream_client.feed(slug, "1").get(mark_seen=True)


@pytest.mark.parametrize("slug", ["nowhere", "USER"])
def test_an_unknown_feed_group_is_an_error(stream_client: Any, slug: str) -> None:
    feed = stream_client.feed(slug, "1")
    for request in (feed.get, lambda: feed.add_activity(activity(1))):
        with pytest.raises(exceptions.FeedConfigException, match="GROUPS"):
            request()


def test_an_unknown_feed_group_is_an_error_as_a_target(stream_client: Any) -> None:
    feed = stream_client.feed("user", "1")
    with pytest.raises(exceptions.FeedConfigException):
        feed.add_activity(activity(1, to=["user:2", "nowhere:1"]))
    assert feed.get()["results"] == []


def test_declared_groups_are_added_to_the_default_ones(
    stream_client: Any, settings: Settings
) -> None:
    declare(settings, room="flat", inbox={"TYPE": "notification"})

    assert stream_client.feed("room", "1").get()["results"] == []
    assert stream_client.feed("inbox", "1").get()["unseen"] == 0
    assert stream_client.feed("user", "1").get()["results"] == []


POPULAR = {"score": "likes * 2 + external.weight", "defaults": {"likes": 0}}


def test_a_ranked_feed_is_sorted_by_score(stream_client: Any, settings: Settings) -> None:
    declare(settings, user={"TYPE": "flat", "RANKINGS": {"popular": POPULAR}})
    feed = stream_client.feed("user", "1")
    likes = (3, 0, 9, 5)
    feed.add_activities([activity(n, verb="v", likes=count) for n, count in enumerate(likes)])
    ranked = {"ranking": "popular", "ranking_vars": '{"weight": 1}', "withScoreVars": True}
    page = feed.get(limit=3, **ranked)

    assert [(item["object"], item["score"]) for item in page["results"]] == [
        ("photo:2", 19),
        ("photo:3", 11),
        ("photo:0", 7),
    ]
    assert page["results"][0]["score_vars"] == {"likes": 9, "external.weight": 1}
    assert "offset=3" in page["next"]
    last = feed.get(limit=3, offset=3, **ranked)
    assert [item["object"] for item in last["results"]] == ["photo:1"]
    assert last["next"] == ""


@pytest.mark.django_db
def test_rankings_that_cannot_be_applied_are_errors(call: Caller, settings: Settings) -> None:
    declare(settings, user={"TYPE": "flat", "RANKINGS": {"popular": POPULAR}})
    call("POST", "feed/user/1/", {"actor": "a", "verb": "v", "object": "o"})

    def code(**query: str) -> Any:
        return call("GET", "feed/user/1/", query=query)["code"]

    assert code(ranking="unknown") == 12
    assert code(ranking="popular") == 11
    assert code(ranking="popular", ranking_vars="[]") == 4
    assert code(ranking="popular", id_lt="78e55940-17a1-11f1-8080-80007a4a3a1b") == 8
    assert call("GET", "feed/notification/1/", query={"ranking": "popular"})["code"] == 12


def test_the_asynchronous_client(connect: Callable[..., Any], settings: Settings) -> None:
    declare(settings, user={"TYPE": "flat", "RANKINGS": {"new": {"score": "time"}}})

    async def scenario() -> tuple[Any, ...]:
        client = connect(use_async=True)
        author, inbox = client.feed("user", "1"), client.feed("notification", "1")
        await author.add_activities([activity(0, verb="a"), activity(1, verb="b")])
        for slug in ("aggregated", "notification"):
            await client.feed(slug, "1").follow("user", "1")
        first = await inbox.get(mark_seen=True)
        await inbox.get(mark_read=[first["results"][1]["id"]])
        ranked = await author.get(ranking="new", limit=1)
        aggregated = await client.feed("aggregated", "1").get()
        return aggregated, await inbox.get(), ranked

    aggregated, inbox, ranked = asyncio.run(scenario())
    assert keys(aggregated) == keys(inbox) == ["a_2026-03-04", "b_2026-03-04"]
    assert {item["origin"] for group in inbox["results"] for item in group["activities"]} == {
        "user:1"
    }
    assert (inbox["unseen"], inbox["unread"]) == (0, 1)
    assert [group["is_read"] for group in inbox["results"]] == [False, True]
    assert ranked["results"][0]["score"] == NOW.timestamp()


def test_activities_in_groups_are_enriched(stream_client: Any) -> None:
    user = stream_client.users.add("ann", {"name": "Ann"})
    feed = stream_client.feed("notification", "1")
    added = feed.add_activity(activity(0, actor=stream_client.users.create_reference("ann")))
    stream_client.reactions.add("like", added["id"], "bob")
    (group,) = feed.get(reactions={"counts": True})["results"]

    assert group["activities"][0]["actor"]["data"] == user["data"]
    assert group["activities"][0]["reaction_counts"] == {"like": 1}
    assert group["actor_count"] == 1


@pytest.mark.parametrize("slug", ["aggregated", "notification"])
def test_only_flat_feeds_are_followed(stream_client: Any, slug: str) -> None:
    with pytest.raises(exceptions.FeedConfigException, match="flat"):
        stream_client.feed("timeline", "1").follow(slug, "1")


def test_a_token_of_a_user_marks_only_own_notifications(call: Caller, db: None) -> None:
    own = {"user_id": "ann"}
    call("GET", "feed/notification/ann/", claims=own, query={"mark_seen": "true"})
    assert call.status == 200

    call("GET", "feed/notification/bob/", claims=own, query={"mark_seen": "true"})
    assert call.status == 403


@pytest.mark.django_db
def test_a_page_takes_as_many_statements_for_many_groups_as_for_few(
    call: Caller, django_assert_num_queries: Any
) -> None:
    for verbs in ("ab", "abcdefghijklmnopqrstuvwxyz"):
        items = [{"actor": "a", "verb": verb, "object": "o"} for verb in verbs]
        call("POST", f"feed/notification/{len(verbs)}/", {"activities": items})
        with django_assert_num_queries(3):
            call("GET", f"feed/notification/{len(verbs)}/", query={"limit": "100"})
