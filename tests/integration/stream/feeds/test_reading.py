"""Read flat, aggregated and notification feeds, with the objects that activities refer to."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from dj_actions_stream import feeds
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries, Settings

from tests.conftest import MakeTodo
from tests.fixtures.scripted_server import Answer, Fault, ScriptedServer, Step, as_json, as_page
from tests.integration.stream.feeds.conftest import todos_seen_by
from tests.integration.stream.feeds.stream_feeds import (
    StreamFeeds,
    activity_id,
    make_activity,
    make_group,
)

pytestmark = pytest.mark.usefixtures("server")


def test_an_activity_is_read(stream: StreamFeeds, ann: User) -> None:
    stream.entries["user:1"] = [make_activity(1)]
    page = feeds.read("user:1", viewer=ann)

    (activity,) = page.activities
    assert activity.time == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert activity.event_id == UUID(int=1)
    assert (activity.verb, activity.resource) == ("complete", "todo")
    assert (str(activity.actor), str(activity.object)) == ("ann", "Buy milk")
    assert (page.groups, page.next, page.unseen, page.unread) == ((), "", None, None)


def test_pages_follow_each_other_by_id(stream: StreamFeeds, ann: User) -> None:
    stream.entries["user:1"] = [make_activity(number) for number in (5, 4, 3, 2, 1)]
    seen, before = [], ""
    for _ in range(3):
        page = feeds.read("user:1", viewer=ann, before=before, limit=2)
        seen += [activity.id for activity in page.activities]
        before = page.next

    assert seen == [activity_id(number) for number in (5, 4, 3, 2, 1)]
    assert before == ""


def test_a_page_can_start_at_an_activity(stream: StreamFeeds, ann: User) -> None:
    stream.entries["user:1"] = [make_activity(number) for number in (3, 2, 1)]
    page = feeds.read("user:1", viewer=ann, at=activity_id(2))

    assert [activity.id for activity in page.activities] == [activity_id(2), activity_id(1)]
    with pytest.raises(feeds.InvalidFeedRequest):
        feeds.read("user:1", viewer=ann, at=activity_id(2), before=activity_id(2))


def test_an_aggregated_feed_is_read_as_groups(stream: StreamFeeds, ann: User) -> None:
    stream.entries["timeline_aggregated:1"] = [
        make_group(2, make_activity(2, object="todo:2"), make_activity(1))
    ]
    (group,) = feeds.read("timeline_aggregated:me", viewer=ann).groups

    assert (group.activity_count, group.actor_count, group.resource) == (2, 1, "todo")
    assert [actor.label for actor in group.actors] == ["ann"]
    assert group.object_count == 2
    assert (group.is_seen, group.is_read) == (None, None)


def test_a_notification_feed_has_marks(stream: StreamFeeds, ann: User) -> None:
    stream.entries["notification:1"] = [
        make_group(2, make_activity(2), is_seen=False, is_read=False),
        make_group(1, make_activity(1), is_seen=True, is_read=False),
    ]
    page = feeds.read("notification:me", viewer=ann)

    assert (page.unseen, page.unread) == (1, 2)
    assert [(group.is_seen, group.is_read) for group in page.groups] == [
        (False, False),
        (True, False),
    ]


def test_each_model_is_read_with_one_query(
    stream: StreamFeeds,
    ann: User,
    bob: User,
    make_todo: MakeTodo,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    todos = [make_todo(f"Todo {number}") for number in range(4)]
    keys = [str(todo.pk) for todo in todos]
    stream.entries["user:1"] = [
        make_activity(3, object=f"todo:{keys[0]}", target=f"todo:{keys[1]}"),
        make_activity(2, actor="user:2", object="todo:*", object_ids=keys[2:]),
        make_activity(1, object=f"todo:{keys[0]}"),
    ]
    with django_assert_num_queries(2):
        first, second, _third = feeds.read("user:1", viewer=ann).activities

    assert (first.actor.instance, second.actor.instance) == (ann, bob)
    assert first.object.instance == todos[0]
    assert first.target is not None
    assert first.target.instance == todos[1]
    assert [entry.instance for entry in second.objects] == todos[2:]
    assert second.object_count == 2


def test_the_objects_of_groups_are_read(
    stream: StreamFeeds, ann: User, make_todo: MakeTodo
) -> None:
    todo = make_todo()
    activity = make_activity(1, object=f"todo:{todo.pk}")
    stream.entries["timeline_aggregated:1"] = [make_group(1, activity)]
    (group,) = feeds.read("timeline_aggregated:1", viewer=ann).groups

    assert group.activities[0].object.instance == todo


def test_a_deleted_object_keeps_its_label(stream: StreamFeeds, ann: User) -> None:
    stream.entries["user:1"] = [make_activity(1, object="todo:404")]
    (activity,) = feeds.read("user:1", viewer=ann).activities

    assert (activity.object.instance, activity.object.is_missing) == (None, True)
    assert activity.object.label == "Buy milk"


def test_a_declared_queryset_hides_the_objects_of_others_and_saves_queries(
    stream: StreamFeeds,
    settings: Settings,
    ann: User,
    bob: User,
    make_todo: MakeTodo,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    settings.DJ_ACTIONS_FEEDS = {
        "OBJECTS": {"todo": lambda user: todos_seen_by(user).select_related("owner")}
    }
    own, other = make_todo(), make_todo(owner=bob)
    stream.entries["user:1"] = [
        make_activity(2, object=f"todo:{own.pk}", object_label=""),
        make_activity(1, object=f"todo:{other.pk}", object_label=""),
    ]
    first, second = feeds.read("user:1", viewer=ann).activities

    assert (first.object.instance, first.object.label) == (own, "Buy milk")
    assert (second.object.is_missing, second.object.label) == (True, f"todo:{other.pk}")
    with django_assert_num_queries(0):
        assert first.object.instance.owner == ann  # type: ignore[union-attr]  # a todo


def test_without_a_declared_queryset_a_reference_does_not_reveal_a_name(
    stream: StreamFeeds, ann: User, bob: User, make_todo: MakeTodo
) -> None:
    secret = make_todo("Secret plan", owner=bob)
    stream.entries["user:1"] = [make_activity(1, object=f"todo:{secret.pk}", object_label="")]
    (activity,) = feeds.read("user:1", viewer=ann).activities

    assert activity.object.label == f"todo:{secret.pk}"


@pytest.mark.parametrize(
    "key", ["", "x", "9" * 30, "\x00", "\ud800", "1; --", "-1", "1.5", "*", "None", "1:2"]
)
def test_any_key_in_a_reference_is_harmless(stream: StreamFeeds, ann: User, key: str) -> None:
    stream.entries["user:1"] = [
        make_activity(1, object=f"todo:{key}", actor=f"user:{key}", target=f"unknown:{key}")
    ]
    (activity,) = feeds.read("user:1", viewer=ann).activities

    assert activity.object.instance is None
    assert activity.target is not None
    assert not activity.target.is_missing


def test_only_the_first_objects_of_many_are_read(stream: StreamFeeds, ann: User) -> None:
    keys = list(map(str, range(1000)))
    stream.entries["user:1"] = [make_activity(1, object="todo:*", object_ids=keys)]
    (activity,) = feeds.read("user:1", viewer=ann).activities

    assert (len(activity.objects), activity.object_count) == (20, 1000)
    # The publisher has shortened the list, and says how many there were.
    cut = make_activity(1, object="todo:*", object_ids=keys[:5], object_count=1000)
    stream.entries["user:1"] = [cut, make_activity(1, object_count="many")]
    first, second = feeds.read("user:1", viewer=ann).activities
    assert (len(first.objects), first.object_count, second.object_count) == (5, 1000, 1)


def test_activities_of_other_programs_are_read(stream: StreamFeeds, ann: User) -> None:
    document = {"id": activity_id(1), "time": "2026-03-01T12:00:00", "verb": "tweet"}
    stream.entries["user:1"] = [
        {**document, "actor": {"id": "eric", "data": {}}, "object": 1, "foreign_id": None},
        {**document, "actor": "eric", "object": "x", "foreign_id": "djactions:nothing"},
    ]
    first, second = feeds.read("user:1", viewer=ann).activities

    assert (first.actor.label, first.object.label, first.event_id) == ("eric", "1", None)
    assert (second.summary, second.resource, second.event_id) == ("", "", None)


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_an_invalid_limit_is_refused(ann: User, limit: int) -> None:
    with pytest.raises(feeds.InvalidFeedRequest):
        feeds.read("user:1", viewer=ann, limit=limit)


@pytest.mark.parametrize("before", ["a b", "é", "x" * 256, "1\n"])
def test_an_invalid_position_is_refused(ann: User, before: str) -> None:
    with pytest.raises(feeds.InvalidFeedRequest):
        feeds.read("user:1", viewer=ann, before=before)


UNAVAILABLE: dict[str, Step] = {
    "503": as_page(503),
    "429": as_json({"detail": "slow down"}, 429, retry_after="7"),
    "401": as_json({"exception": "SignatureException", "code": 3, "detail": "no"}, 401),
    "proxy": as_json({"message": "hello"}),
    "list": as_json([]),
    "no results": as_json({"results": [{}], "duration": "1ms"}),
    "wrong results": as_json({"results": [1], "duration": "1ms"}),
    "no time": as_json({"results": [{"id": "1", "time": None}], "duration": "1ms"}),
    "empty": Answer(),
    "cut": Fault.CUT,
}


@pytest.mark.parametrize("step", UNAVAILABLE.values(), ids=UNAVAILABLE)
def test_a_server_that_does_not_answer_makes_feeds_unavailable(
    server: ScriptedServer, ann: User, step: Step
) -> None:
    server.script(step)
    with pytest.raises(feeds.FeedUnavailable) as caught:
        feeds.read("user:1", viewer=ann)

    assert caught.value.retry_after == (7 if step is UNAVAILABLE["429"] else None)


def test_a_group_that_stream_does_not_know_is_not_found(server: ScriptedServer, ann: User) -> None:
    server.script(as_json({"exception": "FeedConfigException", "code": 6, "detail": "no"}, 400))
    with pytest.raises(feeds.FeedNotFound):
        feeds.read("user:1", viewer=ann)


def test_what_stream_refuses_is_an_invalid_request(server: ScriptedServer, ann: User) -> None:
    refused = {"exception": "InvalidPaginationException", "code": 8, "detail": "no"}
    server.script(as_json(refused, 400))
    with pytest.raises(feeds.InvalidFeedRequest):
        feeds.read("user:1", viewer=ann)
