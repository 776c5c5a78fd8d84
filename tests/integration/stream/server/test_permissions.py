"""What tokens permit: a server's token is bound to its claims, a user's token to the user."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_stream.server.models import Activity, FeedEntry
from pytest_django import Settings

from tests.integration.stream.server.calls import FEED, Caller, token

pytestmark = pytest.mark.django_db

TIME = "2026-01-02T03:04:05.000006"
GOOD = {"actor": "eric", "verb": "add", "object": "todo:1", "foreign_id": "event:1", "time": TIME}
ERIC = {"user_id": "eric"}
ACTIVITY = "87a9eec0-fd5f-11e8-8080-80013fed2f5b"


def claims(resource: str, action: str, feed_id: str) -> dict[str, Any]:
    return {"resource": resource, "action": action, "feed_id": feed_id}


def writing(feed_id: str) -> dict[str, Any]:
    return claims("feed", "write", feed_id)


class TestTokenForOneFeed:
    def test_it_does_not_write_to_targets(self, call: Caller) -> None:
        answer = call("POST", FEED, {**GOOD, "to": ["user:anna"]}, claims=writing("usereric"))

        assert (call.status, answer["code"]) == (403, 17)
        assert not FeedEntry.objects.exists()

    @pytest.mark.parametrize("granted", ["useranna", "*"])
    def test_a_target_may_bring_its_own_token(self, call: Caller, granted: str) -> None:
        target = f"user:anna {token(writing(granted))}"
        call("POST", FEED, {**GOOD, "to": [target]}, claims=writing("usereric"))

        assert call.status == 201
        assert FeedEntry.objects.filter(feed="user:anna").exists()

    @pytest.mark.parametrize(
        ("attached", "code"),
        [
            (token(writing("userbob")), 17),
            (token(claims("feed", "read", "useranna")), 17),
            (token(writing("useranna"), secret="x" * 40), 3),
            ("nonsense", 3),
        ],
    )
    def test_a_wrong_token_of_a_target(self, call: Caller, attached: str, code: int) -> None:
        target = f"user:anna {attached}"
        answer = call("POST", FEED, {**GOOD, "to": [target]}, claims=writing("usereric"))

        assert answer["code"] == code
        assert not FeedEntry.objects.exists()

    def test_its_own_feed_is_a_target_without_a_token(self, call: Caller) -> None:
        call("POST", FEED, {**GOOD, "to": ["user:eric"]}, claims=writing("usereric"))

        assert call.status == 201

    def test_the_tokens_of_stream_js_need_none(self, call: Caller) -> None:
        # Its server client does not sign targets; its tokens grant all actions and resources.
        call("POST", FEED, {**GOOD, "to": ["user:anna"]}, claims=claims("*", "*", "usereric"))

        assert call.status == 201

    def test_it_does_not_overwrite_what_another_feed_owns(self, call: Caller) -> None:
        call("POST", "feed/user/anna/", GOOD, claims=writing("useranna"))
        for changes in ({"verb": "steal"}, {"actor": "bob"}, {"note": "x"}):
            answer = call("POST", FEED, {**GOOD, **changes}, claims=writing("usereric"))
            assert (call.status, answer["code"]) == (403, 17)

        (kept,) = call("GET", "feed/user/anna/")["results"]
        assert kept["verb"] == "add"
        assert not FeedEntry.objects.filter(feed="user:eric").exists()

    def test_it_does_not_overwrite_in_a_batch(self, call: Caller) -> None:
        call("POST", "feed/user/anna/", GOOD, claims=writing("useranna"))
        batch = [{**GOOD, "foreign_id": "event:2"}, {**GOOD, "verb": "steal"}]
        call("POST", FEED, {"activities": batch}, claims=writing("usereric"))

        assert call.status == 403
        assert list(Activity.objects.values_list("verb", flat=True)) == ["add"]

    def test_sharing_an_activity_does_not_make_it_one_s_own(self, call: Caller) -> None:
        call("POST", "feed/user/anna/", {**GOOD, "to": ["user:bob"]})
        call("POST", FEED, GOOD, claims=writing("usereric"))
        assert call.status == 201

        call("POST", FEED, {**GOOD, "verb": "steal"}, claims=writing("usereric"))
        assert call.status == 403
        call(
            "POST",
            "feed_targets/user/eric/activity_to_targets/",
            {"foreign_id": "event:1", "time": TIME, "new_targets": []},
            claims=claims("feed_targets", "write", "usereric"),
        )
        assert call.status == 403
        (kept,) = call("GET", "feed/user/anna/")["results"]
        assert (kept["verb"], kept["to"]) == ("add", ["user:bob"])

    def test_its_owner_and_the_application_overwrite_it(self, call: Caller) -> None:
        call("POST", "feed/user/anna/", GOOD, claims=writing("useranna"))
        call("POST", "feed/user/anna/", {**GOOD, "verb": "edit"}, claims=writing("useranna"))
        assert call.status == 201
        call("POST", FEED, {**GOOD, "verb": "moderate"})
        assert call.status == 201
        call("POST", "feed/user/anna/", {**GOOD, "verb": "edit again"}, claims=writing("useranna"))
        assert call.status == 201

    def test_what_was_created_outside_of_feeds_has_no_owner(self, call: Caller) -> None:
        call("POST", "activities/", {"activities": [GOOD]})
        call("POST", FEED, {**GOOD, "verb": "edit"}, claims=writing("usereric"))

        assert call.status == 201
        call("POST", "feed/user/anna/", {**GOOD, "verb": "steal"}, claims=writing("useranna"))
        assert call.status == 403

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "activities/"),
            ("POST", "activity/"),
            ("POST", "feed/add_to_many/"),
            ("POST", "follow_many/"),
            ("POST", "unfollow_many/"),
            ("GET", "stats/follow/"),
            ("POST", "feed/user/anna/follows/"),
            ("DELETE", "feed/user/anna/follows/user:bob/"),
            ("GET", "feed/user/anna/followers/"),
            ("POST", "feed_targets/user/anna/activity_to_targets/"),
        ],
    )
    def test_it_grants_nothing_else(self, call: Caller, method: str, path: str) -> None:
        answer = call(
            method,
            path,
            [] if path.endswith("many/") and "follow" in path else {},
            claims=claims("*", "*", "usereric"),
            query={"followers": "user:anna"},
        )
        assert (call.status, answer["code"]) == (403, 17)


class TestFeedsWithTheSameClaim:
    """The claim feed_id joins slug and id without a separator."""

    def test_only_the_group_that_exists_fits(self, call: Caller) -> None:
        call("GET", "feed/user/11/", claims=claims("feed", "read", "user11"))
        assert call.status == 200
        for feed in ("user1/1", "use/r11"):
            answer = call("GET", f"feed/{feed}/", claims=claims("feed", "read", "user11"))
            assert (call.status, answer["code"]) == (400, 6)

    def test_a_group_with_a_longer_name_is_another_feed(self, call: Caller) -> None:
        for feed_id, status in (("timeline_aggregated5", 200), ("timeline5", 403)):
            call("GET", "feed/timeline_aggregated/5/", claims=claims("feed", "read", feed_id))
            assert call.status == status


class TestUserToken:
    @pytest.mark.parametrize("group", ["user", "timeline", "notification", "flat"])
    def test_own_feeds_are_read_and_written(self, call: Caller, group: str) -> None:
        path = f"feed/{group}/eric/"
        for actor in ("eric", "SU:eric"):
            call("POST", path, {**GOOD, "actor": actor}, claims=ERIC)
            assert call.status == 201
        call("GET", f"enrich/{path}", claims=ERIC)
        assert call.status == 200

    @pytest.mark.parametrize(("group", "status"), [("user", 200), ("flat", 200), ("topic", 200)])
    def test_public_feeds_of_others_are_read(self, call: Caller, group: str, status: int) -> None:
        call("GET", f"enrich/feed/{group}/anna/", claims=ERIC)
        assert call.status == status

    @pytest.mark.parametrize("group", ["timeline", "timeline_aggregated", "notification", "inbox"])
    def test_private_feeds_of_others_are_not(
        self, call: Caller, settings: Settings, group: str
    ) -> None:
        settings.FEEDS_SERVER = {**settings.FEEDS_SERVER, "GROUPS": {"inbox": "notification"}}
        answer = call("GET", f"enrich/feed/{group}/anna/", claims=ERIC)
        assert (call.status, answer["code"]) == (403, 17)

    @pytest.mark.parametrize("group", ["user", "timeline", "notification"])
    def test_feeds_of_others_are_not_written(self, call: Caller, group: str) -> None:
        call("POST", f"feed/{group}/anna/", GOOD, claims=ERIC)
        assert call.status == 403
        call("DELETE", f"feed/{group}/anna/{ACTIVITY}/", claims=ERIC)
        assert call.status == 403

    @pytest.mark.parametrize("actor", ["anna", "SU:anna", "SU:", "user:eric"])
    def test_nobody_else_is_the_actor(self, call: Caller, actor: str) -> None:
        answer = call("POST", FEED, {**GOOD, "actor": actor}, claims=ERIC)

        assert (call.status, answer["code"]) == (403, 17)

    @pytest.mark.parametrize(
        ("target", "status"),
        [
            ("notification:anna", 201),
            ("timeline:eric", 201),
            ("user:anna", 403),
            ("timeline:anna", 403),
        ],
    )
    def test_targets(self, call: Caller, target: str, status: int) -> None:
        call("POST", FEED, {**GOOD, "to": [target]}, claims=ERIC)
        assert call.status == status

        call("POST", FEED, {**GOOD, "foreign_id": "event:2"}, claims=ERIC)
        call(
            "POST",
            "feed_targets/user/eric/activity_to_targets/",
            {"foreign_id": "event:2", "time": TIME, "added_targets": [target]},
            claims=ERIC,
        )
        assert call.status == status

    def test_a_pair_of_somebody_else_is_not_overwritten(self, call: Caller) -> None:
        call("POST", "feed/user/anna/", {**GOOD, "actor": "anna"}, claims={"user_id": "anna"})
        call("POST", FEED, {**GOOD, "actor": "eric", "note": "mine"}, claims=ERIC)

        assert call.status == 403

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("POST", "feed/timeline/eric/following/", 201),
            ("DELETE", "feed/timeline/eric/following/user:anna/", 200),
            ("GET", "feed/timeline/eric/following/", 200),
            ("GET", "feed/user/eric/followers/", 200),
            ("POST", "feed/timeline/anna/following/", 403),
            ("DELETE", "feed/timeline/anna/following/user:eric/", 403),
            ("GET", "feed/timeline/anna/followers/", 403),
            ("GET", "feed/user/anna/following/", 403),
            ("GET", "stats/follow/?followers=user:eric&following=user:eric", 200),
            ("GET", "stats/follow/?followers=user:eric&following=user:anna", 403),
        ],
    )
    def test_follows(self, call: Caller, method: str, path: str, status: int) -> None:
        path, _, query = path.partition("?")
        parameters = dict(pair.split("=") for pair in query.split("&")) if query else {}
        call(method, path, {"target": "user:bob"}, claims=ERIC, query=parameters)

        assert call.status == status

    @pytest.mark.parametrize("target", ["user:anna", "topic:eric", "timeline:anna"])
    def test_own_feeds_follow_any_flat_feed(self, call: Caller, target: str) -> None:
        # Two tests of stream-js follow timelines of other users.
        call("POST", "feed/timeline/eric/following/", {"target": target}, claims=ERIC)

        assert call.status == 201

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "activities/", 200),
            ("GET", "enrich/activities/", 200),
            ("POST", "activities/", 403),
            ("POST", "activity/", 403),
            ("POST", "feed/add_to_many/", 403),
            ("POST", "follow_many/", 403),
            ("POST", "unfollow_many/", 403),
        ],
    )
    def test_requests_about_no_single_feed(
        self, call: Caller, method: str, path: str, status: int
    ) -> None:
        call(method, path, {}, claims=ERIC, query={"ids": ACTIVITY})

        assert call.status == status
