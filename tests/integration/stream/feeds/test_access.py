"""Who may read which feed, and who may change it."""

from __future__ import annotations

import jwt
import pytest
from dj_actions_stream import feeds
from dj_actions_stream.feed_ids import FeedId, safe_id
from dj_actions_stream.feeds.checks import check_rules
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from pytest_django import Settings

from tests.conftest import MakeTodo, MakeUser
from tests.fixtures.scripted_server import ScriptedServer, as_json
from tests.integration.stream.feeds.conftest import API_SECRET, todos_seen_by
from tests.integration.stream.feeds.stream_feeds import StreamFeeds, make_activity, make_group

pytestmark = pytest.mark.usefixtures("server")

OBJECT_VIEWER = "dj_actions_stream.feeds.rules.object_viewer"


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        ("user:1", (True, True, False)),
        ("timeline:1", (True, False, False)),
        ("timeline_aggregated:1", (True, False, False)),
        ("notification:1", (True, False, False)),
        ("notification:me", (True, True, False)),
        ("user:me", (True, True, False)),
        ("unknown:1", (False, False, False)),
        ("todo:1", (False, False, False)),
        ("nonsense", (False, False, False)),
        ("user:a/b", (False, False, False)),
    ],
)
def test_the_default_rules(
    ann: User, bob: User, feed: str, expected: tuple[bool, bool, bool]
) -> None:
    viewers = (ann, bob, AnonymousUser())

    assert tuple(feeds.may_read(feed, viewer) for viewer in viewers) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("everyone", (True, True, True)),
        ("authenticated", (True, True, False)),
        ("staff", (True, False, False)),
    ],
)
def test_a_group_may_have_another_rule(
    settings: Settings, admin: User, bob: User, rule: str, expected: tuple[bool, bool, bool]
) -> None:
    settings.DJ_ACTIONS_FEEDS = {"GROUPS": {"news": f"dj_actions_stream.feeds.rules.{rule}"}}
    viewers = (admin, bob, AnonymousUser())

    assert tuple(feeds.may_read("news:all", viewer) for viewer in viewers) == expected


def test_a_rule_may_be_a_function_of_the_project(settings: Settings, ann: User, bob: User) -> None:
    def named_like_the_feed(user: User, feed: FeedId) -> bool:
        return feed.id == user.get_username()

    settings.DJ_ACTIONS_FEEDS = {"GROUPS": {"user": named_like_the_feed}}

    assert feeds.may_read("user:ann", ann)
    assert not feeds.may_read("user:ann", bob)


def test_a_default_group_can_be_closed(settings: Settings, ann: User) -> None:
    settings.DJ_ACTIONS_FEEDS = {"GROUPS": {"user": None}}
    with pytest.raises(feeds.FeedNotFound):
        feeds.read("user:1", viewer=ann)


def test_the_feed_of_an_object_is_for_those_who_see_the_object(
    settings: Settings, ann: User, bob: User, make_todo: MakeTodo
) -> None:
    settings.DJ_ACTIONS_FEEDS = {
        "GROUPS": {"todo": OBJECT_VIEWER},
        "OBJECTS": {"todo": todos_seen_by},
    }
    feed = f"todo:{make_todo().pk}"

    viewers = (ann, bob, AnonymousUser())
    assert [feeds.may_read(feed, viewer) for viewer in viewers] == [True, False, False]
    assert not feeds.may_read("todo:404", ann)
    assert not feeds.may_read("todo:all", ann)


def test_the_group_of_a_resource_with_a_hyphen(
    settings: Settings, ann: User, make_todo: MakeTodo
) -> None:
    settings.DJ_ACTIONS_FEEDS = {
        "GROUPS": {"my_todo": OBJECT_VIEWER},
        "OBJECTS": {"my-todo": todos_seen_by},
    }
    assert feeds.may_read(f"my_todo:{make_todo().pk}", ann)
    assert list(check_rules()) == []


def test_the_owner_is_found_by_the_id_that_the_publisher_makes() -> None:
    user = User(pk="ann@example.com")

    assert feeds.may_read(f"notification:{safe_id('ann@example.com')}", user)
    assert not feeds.may_read("notification:ann_example_com", user)


def test_a_refusal_is_djangos_permission_denied_and_nothing_is_requested(
    server: ScriptedServer, bob: User
) -> None:
    with pytest.raises(PermissionDenied):
        feeds.read("notification:1", viewer=bob)

    assert server.requests == []


def test_only_the_owner_marks(settings: Settings, server: ScriptedServer, bob: User) -> None:
    settings.DJ_ACTIONS_FEEDS = {
        "GROUPS": {"notification": "dj_actions_stream.feeds.rules.authenticated"}
    }
    assert feeds.may_read("notification:1", bob)
    for change in (feeds.mark_seen, feeds.mark_read):
        with pytest.raises(feeds.FeedForbidden):
            change("notification:1", viewer=bob)

    assert server.requests == []


def test_groups_are_marked(stream: StreamFeeds, ann: User) -> None:
    entries = [
        make_group(number, make_activity(number), is_seen=False, is_read=False)
        for number in (3, 2, 1)
    ]
    stream.entries["notification:1"] = entries
    feeds.mark_read("notification:me", viewer=ann, ids=[entries[0]["id"], entries[1]["id"]])
    page = feeds.read("notification:me", viewer=ann)

    assert (page.unseen, page.unread) == (3, 1)
    feeds.mark_seen("notification:me", viewer=ann)
    feeds.mark_read("notification:me", viewer=ann)
    page = feeds.read("notification:me", viewer=ann)
    assert (page.unseen, page.unread) == (0, 0)


def test_a_feed_without_marks_and_wrong_ids_are_refused(ann: User) -> None:
    with pytest.raises(feeds.InvalidFeedRequest):
        feeds.mark_seen("timeline:me", viewer=ann)
    with pytest.raises(feeds.InvalidFeedRequest):
        feeds.mark_seen("notification:me", viewer=ann, ids=["a,b"])
    with pytest.raises(feeds.InvalidFeedRequest):
        feeds.mark_seen("notification:me", viewer=ann, ids=["1"] * 101)
    with pytest.raises(feeds.InvalidFeedRequest):
        feeds.mark_seen("notification:me", viewer=ann, ids="1")


def test_users_follow_and_unfollow(stream: StreamFeeds, ann: User, bob: User) -> None:
    feeds.follow("timeline:me", "user:2", viewer=ann)
    feeds.follow("timeline:me", "user:1", viewer=bob, copy_limit=5)

    assert stream.follows == [("timeline:2", "user:1"), ("timeline:1", "user:2")]
    (followed,) = feeds.following("timeline:me", viewer=ann)
    assert (str(followed.source), str(followed.target)) == ("timeline:1", "user:2")
    (follower,) = feeds.followers("user:1", viewer=ann)
    assert str(follower.source) == "timeline:2"
    feeds.unfollow("timeline:me", "user:2", viewer=ann, keep_history=True)
    assert feeds.following("timeline:me", viewer=ann) == ()


def test_users_follow_with_their_own_feeds_what_they_may_read(
    server: ScriptedServer, ann: User, bob: User
) -> None:
    with pytest.raises(feeds.FeedForbidden):
        feeds.follow("timeline:1", "user:2", viewer=bob)
    with pytest.raises(feeds.FeedForbidden):
        feeds.follow("timeline:me", "notification:1", viewer=bob)
    with pytest.raises(feeds.InvalidFeedRequest):
        feeds.follow("user:me", "user:1", viewer=ann)
    with pytest.raises(feeds.FeedForbidden):
        feeds.unfollow("timeline:1", "user:2", viewer=bob)
    with pytest.raises(feeds.InvalidFeedRequest):
        feeds.following("timeline:me", viewer=ann, offset=401)

    assert server.requests == []


def test_a_confirmation_that_is_not_streams_is_none(server: ScriptedServer, ann: User) -> None:
    server.script(as_json({"message": "not found"}, 404))
    with pytest.raises(feeds.FeedUnavailable):
        feeds.follow("timeline:me", "user:2", viewer=ann)


def claims_of(token: str) -> dict[str, object]:
    """Return the claims of a token that is valid."""
    claims: dict[str, object] = jwt.decode(token, API_SECRET, algorithms=["HS256"])
    return claims


def test_a_token_of_a_user_has_the_id_of_their_feeds(ann: User) -> None:
    claims = claims_of(feeds.user_token(ann))

    assert claims.keys() == {"user_id", "exp"}
    assert claims["user_id"] == "1"
    with pytest.raises(feeds.FeedForbidden):
        feeds.user_token(AnonymousUser())


def test_a_token_of_a_feed_can_only_read_it(ann: User, bob: User) -> None:
    claims = claims_of(feeds.feed_token("user:1", viewer=bob))

    assert (claims["action"], claims["feed_id"]) == ("read", "user1")
    with pytest.raises(feeds.FeedForbidden):
        feeds.feed_token("notification:1", viewer=bob)


def test_a_token_is_valid_for_as_long_as_set(settings: Settings, ann: User) -> None:
    settings.DJ_ACTIONS_FEEDS = {"TOKEN_LIFETIME": 0.5}
    token = feeds.user_token(ann)
    expiry = jwt.decode(token, options={"verify_signature": False})["exp"]

    settings.DJ_ACTIONS_FEEDS = {"TOKEN_LIFETIME": 3600}
    later = jwt.decode(feeds.user_token(ann), options={"verify_signature": False})["exp"]
    assert 3590 <= later - expiry <= 3610


def test_a_token_does_not_open_the_feed_of_another_group(
    settings: Settings, ann: User, bob: User
) -> None:
    settings.DJ_ACTIONS_FEEDS = {"GROUPS": {"user1": "dj_actions_stream.feeds.rules.owner"}}
    # `user:12` and `user1:2` are the same to a token.
    assert claims_of(feeds.feed_token("user:12", viewer=bob))["feed_id"] == "user12"
    with pytest.raises(feeds.FeedForbidden):
        feeds.feed_token("user:12", viewer=ann)
    # A group without a rule cannot be opened by an id that a reader makes up.
    with pytest.raises(feeds.FeedForbidden):
        feeds.feed_token("user:_private7", viewer=ann)


def test_a_user_whose_key_is_not_a_number_gets_a_token_of_their_own_feed(
    make_user: MakeUser,
) -> None:
    user = User(pk="ann")

    assert claims_of(feeds.feed_token("user:me", viewer=user))["feed_id"] == "userann"
