"""Rate limits, and the headers with which a client keeps to them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from dj_actions_stream.server.protocol.rate_limits import ENDPOINTS, HOSTED_LIMITS, endpoint_of
from django.core.cache import cache
from django.test import RequestFactory
from pytest_django import Settings
from stream import exceptions

from tests.integration.stream.server.calls import FEED, Caller

pytestmark = pytest.mark.django_db

ACTIVITY = {"actor": "a", "verb": "v", "object": "o"}


@pytest.fixture(autouse=True)
def _fresh_counts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def _one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the time, so that no window ends during the test."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)


def limit(settings: Settings, limits: Any) -> None:
    settings.FEEDS_SERVER = {**settings.FEEDS_SERVER, "RATE_LIMITS": limits}


def quota(call: Caller) -> tuple[int, int]:
    return tuple(int(call.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining"))  # type: ignore[return-value]


@pytest.mark.usefixtures("_one_window")
def test_the_headers_are_always_sent(call: Caller) -> None:
    call("GET", FEED)
    assert quota(call)[1] > 900_000
    assert 0 <= int(call.headers["X-RateLimit-Reset"]) - time.time() <= 60

    call("GET", FEED, query={"limit": "x"})
    assert (call.status, quota(call)[0]) == (400, 1_000_000)


@pytest.mark.usefixtures("_one_window")
def test_a_limit_is_kept_for_each_endpoint(call: Caller, settings: Settings) -> None:
    limit(settings, {"add_activity": 2})
    assert [call("POST", FEED, ACTIVITY).get("code") for _ in range(3)] == [None, None, 9]
    error = call("POST", "feed/user/2/", ACTIVITY)

    assert (error["exception"], error["status_code"]) == ("RateLimitReached", 429)
    assert (call.status, quota(call)) == (429, (2, 0))
    call("GET", FEED)
    assert call.status == 200


@pytest.mark.usefixtures("_one_window")
def test_the_tightest_window_is_reported(call: Caller, settings: Settings) -> None:
    limit(settings, {"read_feed": {"minute": 50, "hour": 3}})
    call("GET", FEED)

    assert quota(call) == (3, 2)
    assert int(call.headers["X-RateLimit-Reset"]) % 3600 == 0


def test_the_limits_of_a_hosted_app_can_be_selected(call: Caller, settings: Settings) -> None:
    limit(settings, "hosted")
    call("POST", FEED, ACTIVITY)
    assert quota(call) == (1000, 999)

    call("GET", FEED)
    assert quota(call) == (2000, 1999)


@pytest.mark.usefixtures("_one_window")
def test_the_client_raises_its_own_error(stream_client: Any, settings: Settings) -> None:
    limit(settings, {"read_feed": 1})
    feed = stream_client.feed("user", "1")
    feed.get()
    with pytest.raises(exceptions.RateLimitReached):
        feed.get()


@pytest.mark.parametrize(
    ("method", "path", "endpoint"),
    [
        ("POST", "feed/user/1/", "add_activity"),
        ("POST", "feed/add_to_many/", "add_activity"),
        ("DELETE", "feed/user/1/event:7/", "remove_activity"),
        ("GET", "feed/user/1/", "read_feed"),
        ("GET", "enrich/feed/user/1/", "read_feed"),
        ("POST", "feed/user/1/follows/", "follow"),
        ("POST", "feed/user/1/following/", "follow"),
        ("DELETE", "feed/user/1/following/user:2/", "unfollow"),
        ("GET", "feed/user/1/follows/", "read_following"),
        ("GET", "feed/user/1/followers/", "read_followers"),
        ("POST", "feed_targets/user/1/activity_to_targets/", "update_targets"),
        ("POST", "activities/", "update_activities"),
        ("POST", "activity/", "update_activities"),
        ("GET", "enrich/activities/", "read_activities"),
        ("POST", "unfollow_many/", "follow_many"),
        ("DELETE", "collections/", "change_collections"),
        ("GET", "collections/food/1/", "collections"),
        ("PUT", "user/1/", "users"),
        ("POST", "user/", "users"),
        ("POST", "reaction/", "reactions"),
        ("GET", "stats/follow/", "other"),
        ("POST", "nowhere/", "other"),
    ],
)
def test_the_endpoint_of_a_request(method: str, path: str, endpoint: str) -> None:
    request = RequestFactory().generic(method, f"/api/v1.0/{path}")

    assert endpoint_of(request) == endpoint
    assert endpoint in ENDPOINTS
    assert HOSTED_LIMITS.keys() <= ENDPOINTS
