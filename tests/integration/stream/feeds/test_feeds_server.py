"""From an action to a page: with the relay, the real client and the feeds server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dj_actions_stream import feeds
from dj_actions_stream.feeds.connection import feeds_client
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from dj_actions.context import ActionContext
from dj_actions.testing import drain
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo, MakeUser
from tests.integration.stream.feeds.conftest import feeds_server_at, todos_seen_by


@pytest.fixture(autouse=True)
def _project(
    settings: Settings, live_server: LiveServer, direct_connections: None
) -> Iterator[None]:
    """Publish to the live server, and read from it."""
    settings.DJ_ACTIONS_FEEDS = {"OBJECTS": {"todo": todos_seen_by}}
    with feeds_server_at(live_server, settings):
        yield


def finish(user: User, *todos: Todo) -> None:
    """Finish todos, and deliver what happened."""
    for todo in todos:
        MarkDone.run(actor=user, object=todo, data={})
    drain()


def test_what_an_action_did_is_on_the_page_of_its_actor(ann: User, make_todo: MakeTodo) -> None:
    todos = [make_todo(f"Todo {number}") for number in range(3)]
    finish(ann, *todos)
    page = feeds.read("user:me", viewer=ann, limit=2)
    rest = feeds.read("user:me", viewer=ann, before=page.next)

    read = [activity.object.instance for activity in (*page.activities, *rest.activities)]
    assert read == todos[::-1]
    client = Client()
    client.force_login(ann)
    content = client.get("/feeds/user/me/").content.decode()
    assert f'finished <a href="/todos/{todos[0].pk}/">Todo 0</a>' in content


def test_a_follower_sees_what_is_followed(ann: User, bob: User, make_todo: MakeTodo) -> None:
    finish(ann, make_todo("Before"))
    feeds.follow("timeline:me", "user:1", viewer=bob)
    finish(ann, make_todo("After"))
    page = feeds.read("timeline:me", viewer=bob)

    assert [activity.data["origin"] for activity in page.activities] == ["user:1", "user:1"]
    assert [str(entry.source) for entry in feeds.followers("user:1", viewer=ann)] == ["timeline:2"]
    feeds.unfollow("timeline:me", "user:1", viewer=bob)
    assert feeds.read("timeline:me", viewer=bob).activities == ()
    assert feeds.following("timeline:me", viewer=bob) == ()


def test_a_notification_is_unread_until_it_is_marked(
    ann: User, bob: User, make_todo: MakeTodo, declare: Declare
) -> None:
    def notify(context: ActionContext, data: object) -> None:
        context.emit(summary="ann needs you", recipients=["notification:2"])

    action = declare(notify)
    action.run(actor=ann, object=make_todo(), data={})
    drain()
    page = feeds.read("notification:me", viewer=bob)
    (group,) = page.groups
    assert (page.unseen, page.unread) == (1, 1)
    assert (group.is_seen, group.is_read) == (False, False)
    assert group.activities[0].summary == "ann needs you"

    feeds.mark_seen("notification:me", viewer=bob)
    feeds.mark_read("notification:me", viewer=bob, ids=[group.id])
    page = feeds.read("notification:me", viewer=bob)
    assert (page.unseen, page.unread) == (0, 0)
    assert page.groups[0].is_read


def test_activities_are_aggregated(ann: User, make_todo: MakeTodo) -> None:
    feeds.follow("timeline_aggregated:me", "user:1", viewer=ann)
    finish(ann, *(make_todo(f"Todo {number}") for number in range(5)))
    (group,) = feeds.read("timeline_aggregated:me", viewer=ann).groups

    assert (group.activity_count, group.actor_count) == (5, 1)
    client = Client()
    client.force_login(ann)
    content = client.get("/feeds/timeline_aggregated/me/").content.decode()
    assert '<a href="/feeds/user/1/">ann</a> finished 5 todos' in content


def test_the_server_accepts_our_tokens(
    ann: User, make_todo: MakeTodo, live_server: LiveServer
) -> None:
    finish(ann, make_todo())
    client = feeds_client()
    for token in (feeds.user_token(ann), feeds.feed_token("user:me", viewer=ann)):
        page = client.get("feed/user/1/", signature=token)
        assert len(page["results"]) == 1


def test_a_group_that_the_server_does_not_have_is_not_found(settings: Settings, ann: User) -> None:
    settings.DJ_ACTIONS_FEEDS = {"GROUPS": {"absent": "dj_actions_stream.feeds.rules.everyone"}}
    with pytest.raises(feeds.FeedNotFound):
        feeds.read("absent:1", viewer=ann)


def test_a_key_that_is_not_an_id_of_a_feed_is_the_same_on_both_ends(
    make_user: MakeUser,
) -> None:
    assert feeds.read("user:me", viewer=make_user("eve")).activities == ()
