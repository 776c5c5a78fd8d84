"""Authentication and permissions."""

from __future__ import annotations

import time
from typing import Any

import pytest
from dj_actions_stream.server.checks import check_group_names
from pytest_django import Settings

from tests.integration.stream.server.calls import EVERYTHING, FEED, Caller, token

pytestmark = pytest.mark.django_db

GOOD = {"actor": "user:1", "verb": "add", "object": "todo:1"}
ACTIVITY = f"{FEED}87a9eec0-fd5f-11e8-8080-80013fed2f5b/"
IDS = {"ids": "87a9eec0-fd5f-11e8-8080-80013fed2f5b"}


def claims(resource: Any, action: Any, feed_id: Any) -> dict[str, Any]:
    return {"resource": resource, "action": action, "feed_id": feed_id}


@pytest.mark.parametrize("key", ["", "other", "é", "feeds-key\x00"])
def test_an_unknown_api_key(call: Caller, key: str) -> None:
    answer = call("GET", FEED, api_key=key)

    assert (call.status, answer["code"], answer["exception"]) == (401, 2, "ApiKeyException")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "x"},
        {"Authorization": "a.b.c"},
        {"Authorization": "é.\xff"},
        {"Authorization": "Bearer " + token(EVERYTHING)},
        {"Authorization": token(EVERYTHING, secret="x" * 40)},
        {"Authorization": token(EVERYTHING, secret="", algorithm="none")},
        {"Authorization": token({**EVERYTHING, "exp": 1})},
        {"Authorization": token({**EVERYTHING, "exp": float("inf")})},
        {"Authorization": token({**EVERYTHING, "nbf": time.time() + 3600})},
        {"stream-auth-type": ""},
        {"stream-auth-type": "simple"},
    ],
)
def test_a_wrong_signature(call: Caller, headers: dict[str, str]) -> None:
    answer = call("GET", FEED, headers=headers)

    assert (call.status, answer["code"], answer["exception"]) == (401, 3, "SignatureException")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", FEED, claims("feed", "read", "usereric")),
        ("GET", FEED, claims("*", "read", "usereric")),
        ("GET", FEED, claims("feed", "*", "*")),
        ("GET", FEED, {"user_id": "anna"}),
        ("GET", f"enrich/{FEED}", claims("feed", "read", "usereric")),
        ("GET", f"enrich/{FEED}", {"user_id": "anna"}),
        ("POST", FEED, claims("feed", "write", "usereric")),
        ("POST", FEED, {**claims("feed", "write", "usereric"), "exp": time.time() + 3600}),
        ("DELETE", ACTIVITY, claims("feed", "delete", "usereric")),
        ("GET", "activities/", claims("activities", "*", "*")),
        ("GET", "enrich/activities/", claims("activities", "read", "*")),
        ("GET", "activities/", {"user_id": "eric"}),
        ("DELETE", ACTIVITY, {"user_id": "eric"}),
    ],
)
def test_a_token_that_is_enough(
    call: Caller, method: str, path: str, allowed: dict[str, Any]
) -> None:
    call(method, path, GOOD, claims=allowed, query=IDS)

    assert call.status in (200, 201)


@pytest.mark.parametrize(
    ("method", "path", "refused"),
    [
        ("GET", FEED, {}),
        ("GET", FEED, {"resource": "*", "action": "*"}),
        ("GET", FEED, claims("follower", "read", "usereric")),
        ("GET", FEED, claims("feed", "write", "usereric")),
        ("GET", FEED, claims("feed", "read", "useranna")),
        ("GET", FEED, claims(["feed"], {"*": 1}, None)),
        ("POST", FEED, claims("*", "read", "usereric")),
        ("POST", FEED, claims("feed", "delete", "*")),
        ("POST", FEED, {"user_id": "anna"}),
        ("DELETE", ACTIVITY, claims("feed", "write", "usereric")),
        ("DELETE", ACTIVITY, {"user_id": "anna"}),
        ("GET", "activities/", claims("*", "*", "usereric")),
    ],
)
def test_a_token_for_something_else(
    call: Caller, method: str, path: str, refused: dict[str, Any]
) -> None:
    answer = call(method, path, GOOD, claims=refused, query=IDS)

    assert (call.status, answer["code"], answer["exception"]) == (403, 17, "NotAllowedException")


def test_the_body_of_an_unauthorized_request_is_not_parsed(call: Caller) -> None:
    answer = call("POST", FEED, b"{", claims={"user_id": "anna"})

    assert answer["code"] == 17


class TestClaimsOfSeveralGroups:
    """Stream's clients join the group and the id of a feed, with nothing between them."""

    @pytest.fixture(autouse=True)
    def _groups(self, settings: Settings) -> None:
        groups = dict.fromkeys(("use", "user1", "todo", "todos"), "flat")
        settings.FEEDS_SERVER = {**settings.FEEDS_SERVER, "GROUPS": groups}

    @pytest.mark.parametrize(
        ("claim", "slug", "user_id"),
        [
            ("user2", "user", "2"),
            ("usereric", "user", "eric"),
            ("todos5", "todos", "5"),
            ("todo5", "todo", "5"),
            ("timeline_aggregated7", "timeline_aggregated", "7"),
        ],
    )
    def test_a_token_is_for_the_feed_it_was_made_for(
        self, call: Caller, claim: str, slug: str, user_id: str
    ) -> None:
        call("POST", f"feed/{slug}/{user_id}/", GOOD, claims=claims("feed", "write", claim))

        assert call.status == 201

    @pytest.mark.parametrize(
        ("claim", "slug", "user_id"),
        [
            ("user2", "use", "r2"),
            ("todos5", "todo", "s5"),
            ("timeline_aggregated7", "timeline", "_aggregated7"),
        ],
    )
    def test_it_is_for_no_feed_of_a_shorter_group(
        self, call: Caller, claim: str, slug: str, user_id: str
    ) -> None:
        answer = call(
            "POST", f"feed/{slug}/{user_id}/", GOOD, claims=claims("feed", "write", claim)
        )
        assert (call.status, answer["code"]) == (403, 17)
        assert f"The claim {claim!r} may be that of" in answer["detail"]

    @pytest.mark.parametrize(("slug", "user_id"), [("user", "11"), ("user1", "1")])
    def test_one_that_is_as_likely_for_either_is_for_neither(
        self, call: Caller, slug: str, user_id: str
    ) -> None:
        answer = call(
            "POST", f"feed/{slug}/{user_id}/", GOOD, claims=claims("feed", "write", "user11")
        )
        assert (call.status, answer["code"]) == (403, 17)
        assert "rename one of the feed groups" in answer["detail"]

    def test_one_for_all_feeds_is_for_each(self, call: Caller) -> None:
        for feed in ("feed/user/11/", "feed/user1/1/", "feed/use/r2/"):
            call("POST", feed, GOOD, claims=claims("feed", "write", "*"))
            assert call.status == 201

    def test_such_groups_are_warned_about(self) -> None:
        messages = list(check_group_names())

        assert {message.id for message in messages} == {"feeds_server.W002"}
        texts = [message.msg for message in messages]
        assert "FEEDS_SERVER['GROUPS']: 'todos' begins with 'todo'." in texts
        assert not any("timeline" in text for text in texts)
