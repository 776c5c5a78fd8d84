"""What actions declare about feeds arrives there, through the outbox and the relay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stream
from dj_actions_stream import Activity, Feed, StreamPublisher, feed_of
from django.contrib.auth.models import User
from django.core.checks import CheckMessage
from django.db.models import Model
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from rest_framework import serializers

from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidAction
from dj_actions.models import Delivery
from dj_actions.publishers import publishers
from dj_actions.testing import drain
from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo

pytestmark = pytest.mark.django_db(transaction=True)

CREDENTIALS = {"api_key": "feeds-key", "api_secret": "feeds-secret-of-more-than-32-bytes"}

Read = Callable[[str], list[dict[str, Any]]]


class NoteInput(serializers.Serializer[Any]):
    """The input of an action."""

    note = serializers.CharField()
    team_id = serializers.IntegerField()


@pytest.fixture
def client(
    settings: Settings, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """The feeds server's client; the publisher `feeds` keeps the order of each object."""
    settings.ROOT_URLCONF = "dj_actions_stream.server.urls"
    settings.FEEDS_SERVER = {
        "API_KEY": "feeds-key",
        "API_SECRET": CREDENTIALS["api_secret"],
        "GROUPS": dict.fromkeys(("team", "todo"), "flat"),
    }
    for name in ("LOCAL", "STREAM_REGION", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    base_url = f"http://localhost:{live_server.thread.port}"
    entry = {
        "BACKEND": "dj_actions_stream.StreamPublisher",
        "OPTIONS": {**CREDENTIALS, "base_url": base_url, "timeout": 30.0},
        "ROUTES": ["todo.*"],
        "ORDERING": "key",
    }
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": entry}}
    publishers.reset()
    client = stream.connect(**CREDENTIALS, base_url=base_url, timeout=30)
    yield client
    client.session.close()


@pytest.fixture
def read(client: Any) -> Read:
    """Return a function that reads a feed, newest first."""

    def read(feed: str) -> list[dict[str, Any]]:
        group, _, key = feed.partition(":")
        results: list[dict[str, Any]] = client.feed(group, key).get(limit=100)["results"]
        return results

    return read


class PokeActivity(Activity):
    """Chosen fields, a target, and a feed by the input."""

    target = "team:{data.team_id}"
    feeds = ("user:{actor}", "team:{data.team_id}")
    summary = "{actor.label} poked {object.label}"
    data = ("note",)


def test_an_action_declares_how_it_appears(
    declare: Declare, read: Read, todo: Todo, ann: User
) -> None:
    action = declare(input=NoteInput, activity=PokeActivity)
    action.run(actor=ann, object=todo, data={"note": "quick", "team_id": 5})
    assert drain() == 1

    (activity,) = read("team:5")
    assert (activity["target"], activity["summary"]) == ("team:5", f"ann poked {todo}")
    assert activity["data"] == {"note": "quick"}
    assert (activity["actor_label"], activity["object_label"]) == ("ann", str(todo))
    assert [entry["id"] for entry in read(feed_of(ann))] == [activity["id"]]


def test_the_input_is_private_by_default(
    declare: Declare, read: Read, todo: Todo, ann: User
) -> None:
    action = declare(input=NoteInput)
    action.run(actor=ann, object=todo, data={"note": "for my eyes", "team_id": 5})
    drain()

    (activity,) = read(feed_of(ann))
    assert "for my eyes" not in str(activity)


def test_a_bulk_action_is_labeled_by_what_it_acted_on(
    declare: Declare, read: Read, make_todo: MakeTodo, ann: User
) -> None:
    declare(bulk=True).run(actor=ann, objects=[make_todo(), make_todo()], data={})
    drain()

    (activity,) = read(feed_of(ann))
    assert activity["object_label"] == "2 todos"


def test_recipients_are_users_objects_strings_and_feeds(
    client: Any, declare: Declare, read: Read, todo: Todo, ann: User, bob: User
) -> None:
    email = Feed("user", "ann@example.com")
    emitted: list[str | Model] = [bob, todo, "team:blue team", email, f"user:{bob.pk}"]

    def perform(context: ActionContext, _data: dict[str, Any]) -> None:
        context.emit(recipients=emitted)

    event = declare(perform).run(actor=ann, object=todo).event
    drain()

    event.refresh_from_db()
    recipients = [f"user:{bob.pk}", f"todo:{todo.pk}", Feed("team", "blue team"), email]
    assert event.recipients == recipients
    assert [len(read(feed)) for feed in recipients] == [1, 1, 1, 1]


@pytest.mark.parametrize("recipient", [2, None, User(), "user", "ann@example.com", "user:None"])
def test_a_wrong_recipient_is_refused_in_the_action(
    client: Any, declare: Declare, todo: Todo, recipient: Any
) -> None:
    def perform(context: ActionContext, _data: dict[str, Any]) -> None:
        context.object.title = "changed"
        context.object.save()
        context.emit(recipients=[recipient])

    with pytest.raises(InvalidAction, match="recipient"):
        declare(perform).run(object=todo)

    todo.refresh_from_db()
    assert todo.title != "changed"
    assert not Delivery.objects.exists()


class Removing(Activity):
    """The object is gone, and so is what was said about it."""

    kind = None
    earlier = "remove"


def delete(context: ActionContext, _data: dict[str, Any]) -> dict[str, Any]:
    context.object.delete()
    return {}


@pytest.mark.parametrize("is_delivered_before", [True, False])
def test_a_deletion_removes_what_was_said_about_the_object(
    declare: Declare,
    read: Read,
    make_todo: MakeTodo,
    ann: User,
    bob: User,
    is_delivered_before: bool,
) -> None:
    def tell(context: ActionContext, _data: dict[str, Any]) -> None:
        context.emit(recipients=[bob])

    todo, other = make_todo(), make_todo()
    poke = declare(tell, name="poke")
    remove = declare(delete, name="remove", activity=Removing)
    poke.run(actor=ann, object=todo)
    poke.run(actor=bob, object=todo)
    poke.run(actor=ann, object=other)
    if is_delivered_before:
        assert drain() == 3
    remove.run(actor=ann, object=todo)
    drain()

    assert not Delivery.objects.exclude(state="delivered").exists()
    for feed in (feed_of(ann), feed_of(bob)):
        assert [entry["object"] for entry in read(feed)] == [f"todo:{other.pk}"]


def test_a_removal_may_be_repeated(declare: Declare, read: Read, todo: Todo, ann: User) -> None:
    declare(name="poke").run(actor=ann, object=todo)
    declare(delete, name="remove", activity=Removing).run(actor=ann, object=todo)
    drain()
    Delivery.objects.update(state="pending", settled_at=None, receipt_id="")

    assert drain() == 2
    assert read(feed_of(ann)) == []


class Marking(Activity):
    """What was said about the object says that it is gone."""

    earlier = {"object_deleted": True, "object_label": "(deleted) {object.label}"}


def test_a_deletion_may_mark_what_was_said_about_the_object(
    declare: Declare, read: Read, todo: Todo, ann: User
) -> None:
    label = str(todo)
    declare(name="poke").run(actor=ann, object=todo)
    declare(delete, name="remove", activity=Marking).run(actor=ann, object=todo)
    drain()

    own, earlier = read(feed_of(ann))
    assert (own["verb"], "object_deleted" in own) == ("remove", False)
    assert (earlier["object_deleted"], earlier["object_label"]) == (True, f"(deleted) {label}")


class Watching(Activity):
    """The actor's timeline follows the object."""

    kind = "follow"
    feeds = ("timeline:{actor}",)
    to = ("{resource}:{object}",)


class Unwatching(Watching):
    """It does so no more."""

    kind = "unfollow"


def test_an_action_may_be_a_follow_and_another_ends_it(
    client: Any, declare: Declare, todo: Todo, ann: User
) -> None:
    timeline = client.feed("timeline", str(ann.pk))
    declare(name="watch", activity=Watching).run(actor=ann, object=todo)
    assert drain() == 1
    followed = [entry["target_id"] for entry in timeline.following()["results"]]
    assert followed == [f"todo:{todo.pk}"]

    declare(name="unwatch", activity=Unwatching).run(actor=ann, object=todo)
    assert drain() == 1
    assert timeline.following()["results"] == []


class Liking(Activity):
    """A reaction to what happened last."""

    kind = "react"
    verb = "like"


def test_an_action_may_be_a_reaction_which_is_added_once(
    client: Any, declare: Declare, read: Read, todo: Todo, ann: User, bob: User
) -> None:
    declare(name="poke").run(actor=ann, object=todo)
    declare(name="like", activity=Liking).run(actor=bob, object=todo)
    assert drain() == 2
    Delivery.objects.filter(event__action="like").update(
        state="pending", settled_at=None, receipt_id=""
    )
    assert drain() == 1

    (activity,) = read(feed_of(ann))
    (reaction,) = client.reactions.filter(activity_id=activity["id"])["results"]
    assert (reaction["kind"], reaction["user_id"]) == ("like", str(bob.pk))


class Misspelled(Activity):
    """An attribute that nothing reads."""

    verbs = "poke"


def ids(found: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in found]


def test_a_wrong_declaration_of_an_action_is_found_by_check(client: Any, declare: Declare) -> None:
    declare(activity=Misspelled)
    publisher = publishers["feeds"]

    assert isinstance(publisher, StreamPublisher)
    (found,) = publisher.check()
    assert found.id == "dj_actions_stream.E008"
    assert "todo.poke" in found.msg
    assert "'verbs'" in found.msg


@pytest.mark.parametrize("activity", [Removing, Liking])
def test_needing_earlier_activities_without_an_order_is_warned_about(
    client: Any, settings: Settings, declare: Declare, activity: type[Activity]
) -> None:
    declare(activity=activity)
    assert ids(list(publishers["feeds"].check())) == []

    del settings.DJ_ACTIONS["PUBLISHERS"]["feeds"]["ORDERING"]
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS}
    assert ids(list(publishers["feeds"].check())) == ["dj_actions_stream.W001"]
