"""Reactions, with the unmodified stream-python client over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from dj_actions_stream.server.models import Reaction, ReactionCount
from stream import exceptions

from tests.integration.stream.server.calls import Caller
from tests.integration.stream.server.reactions import ACTIVITY, ids, plain, reaction

ANN, BOB = {"user_id": "ann"}, {"user_id": "bob"}

FIELDS = {
    "id",
    "kind",
    "activity_id",
    "user_id",
    "user",
    "data",
    "parent",
    "created_at",
    "updated_at",
    "latest_children",
    "children_counts",
}


def test_a_reaction_comes_back_whole(stream_client: Any) -> None:
    user = plain(stream_client.users.add("ann", {"name": "Ann"}))
    added = plain(stream_client.reactions.add("like", ACTIVITY, "ann", data={"a": [1, None]}))

    assert added.keys() == FIELDS
    assert (added["kind"], added["activity_id"], added["user_id"], added["parent"]) == (
        "like",
        ACTIVITY,
        "ann",
        "",
    )
    assert (added["user"], added["data"]) == (user, {"a": [1, None]})
    assert plain(stream_client.reactions.get(added["id"])) == added


def test_a_reaction_of_an_unknown_user(stream_client: Any) -> None:
    added = stream_client.reactions.add("like", ACTIVITY, "ann")

    assert added["user"]["error"] == "ReferenceNotFound"
    assert (added["user"]["id"], added["user"]["reference"]) == ("ann", "SU:ann")
    assert added["data"] == added["latest_children"] == added["children_counts"] == {}


def test_an_update_replaces_the_data(stream_client: Any) -> None:
    added = stream_client.reactions.add("comment", ACTIVITY, "ann", data={"text": "a"})
    updated = stream_client.reactions.update(added["id"], {"text": "b"})

    assert updated["data"] == stream_client.reactions.get(added["id"])["data"] == {"text": "b"}
    assert updated["created_at"] == added["created_at"]
    assert updated["updated_at"] > added["updated_at"]


def test_a_deleted_reaction_is_gone_with_its_children(stream_client: Any) -> None:
    reactions = stream_client.reactions
    parent = reactions.add("comment", ACTIVITY, "ann")
    child = reactions.add_child("like", parent["id"], "bob")
    grandchild = reactions.add_child("like", child["id"], "eve")
    reactions.delete(parent["id"])

    for gone in (parent, child, grandchild):
        with pytest.raises(exceptions.DoesNotExistException):
            reactions.get(gone["id"])
    for again in (reactions.delete, reactions.update, reactions.restore):
        with pytest.raises(exceptions.DoesNotExistException):
            again(parent["id"])


def test_a_soft_deletion_can_be_undone(stream_client: Any) -> None:
    reactions = stream_client.reactions
    added = plain(reactions.add("comment", ACTIVITY, "ann"))
    reactions.delete(added["id"], soft=True)

    assert reactions.get(added["id"])["deleted_at"].endswith("Z")
    assert reactions.filter(activity_id=ACTIVITY)["results"] == []
    for refused in (lambda id_: reactions.delete(id_, soft=True), reactions.update):
        with pytest.raises(exceptions.DoesNotExistException):
            refused(added["id"])

    assert plain(reactions.restore(added["id"])) == added
    assert reactions.filter(activity_id=ACTIVITY)["results"] == [added]
    with pytest.raises(exceptions.DoesNotExistException):
        reactions.restore(added["id"])


def test_a_reaction_that_was_deleted_softly_can_be_deleted(stream_client: Any) -> None:
    reactions = stream_client.reactions
    first, second = (reactions.add("like", ACTIVITY, "ann") for _ in range(2))
    reactions.delete(first["id"], soft=True)
    reactions.delete(first["id"])

    with pytest.raises(exceptions.DoesNotExistException):
        reactions.get(first["id"])
    assert ids(reactions.filter(activity_id=ACTIVITY)) == [second["id"]]
    assert ReactionCount.objects.get().count == 1


class TestTargetFeeds:
    """Feeds that are notified of a reaction."""

    def test_they_show_the_reaction_as_an_activity(self, stream_client: Any) -> None:
        feed = stream_client.feed("user", "bob")
        added = stream_client.reactions.add(
            "comment",
            ACTIVITY,
            "ann",
            target_feeds=["user:bob", "user:eve"],
            target_feeds_extra_data={"note": "x"},
        )

        (shown,) = feed.get()["results"]
        assert (shown["actor"], shown["verb"], shown["object"], shown["reaction"]) == (
            "SU:ann",
            "comment",
            f"SA:{ACTIVITY}",
            f"SR:{added['id']}",
        )
        assert (shown["foreign_id"], shown["note"]) == (f"reaction:{added['id']}", "x")
        assert shown["time"].strftime("%Y-%m-%dT%H:%M:%S.%fZ") == added["created_at"]
        assert stream_client.feed("user", "eve").get()["results"] == [shown]
        assert added["target_feeds"] == ["user:bob", "user:eve"]
        assert added["target_feeds_extra_data"] == {"note": "x"}
        assert "target_feeds_extra_data" not in stream_client.reactions.get(added["id"])

    def test_an_update_changes_the_feeds(self, stream_client: Any) -> None:
        def shown(name: str) -> list[str]:
            results = stream_client.feed("user", name).get()["results"]
            return [result["reaction"] for result in results]

        reactions = stream_client.reactions
        added = reactions.add("like", ACTIVITY, "ann", target_feeds=["user:bob", "user:eve"])
        reference = f"SR:{added['id']}"
        reactions.update(added["id"], target_feeds=["user:eve", "user:max"])
        assert [shown(name) for name in ("bob", "eve", "max")] == [[], [reference], [reference]]

        reactions.update(added["id"])
        assert [shown(name) for name in ("bob", "eve", "max")] == [[], [], []]
        assert "target_feeds" not in reactions.get(added["id"])

    @pytest.mark.parametrize("soft", [True, False])
    def test_a_deletion_removes_the_activities(self, stream_client: Any, soft: bool) -> None:
        reactions, feed = stream_client.reactions, stream_client.feed("user", "bob")
        parent = reactions.add("comment", ACTIVITY, "ann", target_feeds=["user:bob"])
        child = reactions.add_child("like", parent["id"], "eve", target_feeds=["user:bob"])
        assert len(feed.get()["results"]) == 2

        reactions.delete(parent["id"], soft=soft)
        left = [result["reaction"] for result in feed.get()["results"]]
        assert left == ([f"SR:{child['id']}"] if soft else [])
        if soft:
            reactions.restore(parent["id"])
            assert len(feed.get()["results"]) == 2

    def test_followers_of_the_feeds_get_it_too(self, stream_client: Any) -> None:
        stream_client.feed("timeline", "max").follow("user", "bob")
        stream_client.reactions.add("like", ACTIVITY, "ann", target_feeds=["user:bob"])

        (copy,) = stream_client.feed("timeline", "max").get()["results"]
        assert (copy["verb"], copy["origin"]) == ("like", "user:bob")

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "feeds", ["user:bob", ["bob"], [1], [f"user:{number}" for number in range(21)]]
    )
    def test_wrong_feeds(self, call: Caller, feeds: Any) -> None:
        document = call("POST", "reaction/", reaction(target_feeds=feeds))

        assert list(document["exception_fields"]) == ["target_feeds"]
        assert not Reaction.objects.exists()

    @pytest.mark.django_db
    def test_a_feed_group_that_does_not_exist(self, call: Caller) -> None:
        assert call("POST", "reaction/", reaction(target_feeds=["nowhere:bob"]))["code"] == 6
        assert not Reaction.objects.exists()

    @pytest.mark.django_db
    def test_reserved_extra_data_leaves_no_trace(self, call: Caller) -> None:
        body = reaction(target_feeds=["user:bob"], target_feeds_extra_data={"score": 1})

        assert call("POST", "reaction/", body)["code"] == 4
        assert not Reaction.objects.exists()
        assert not ReactionCount.objects.exists()


def test_the_asynchronous_client(connect: Callable[..., Any]) -> None:
    asyncio.run(use_asynchronously(connect))


async def use_asynchronously(connect: Callable[..., Any]) -> None:
    reactions = connect(use_async=True).reactions
    added = await reactions.add("comment", ACTIVITY, "ann", data={"a": 1})
    child = await reactions.add_child("like", added["id"], "bob", target_feeds=["user:eve"])
    await reactions.update(added["id"], {"a": 2})
    assert (await reactions.get(added["id"]))["latest_children"] == {
        "like": [{name: child[name] for name in (*FIELDS, "target_feeds")}]
    }
    await reactions.delete(added["id"], soft="True")
    await reactions.restore(added["id"])
    assert ids(await reactions.filter(activity_id=ACTIVITY)) == [added["id"]]
    assert ids(await reactions.filter(reaction_id=added["id"], kind="like")) == [child["id"]]
    await reactions.delete(added["id"], soft="False")
    assert ids(await reactions.filter(user_id="bob")) == []


@pytest.mark.django_db
class TestUserTokens:
    """A user reacts as that user, and changes own reactions only."""

    def test_the_own_reaction(self, call: Caller) -> None:
        added = call("POST", "reaction/", reaction(user_id=None), claims=ANN)
        path = f"reaction/{added['id']}/"

        assert added["user_id"] == "ann"
        assert call("GET", path, claims=BOB)["kind"] == "like"
        assert call("PUT", path, {"data": {"a": 1}}, claims=ANN)["data"] == {"a": 1}
        call("DELETE", path, claims=ANN, query={"soft": "true"})
        call("PUT", f"{path}restore/", claims=ANN)
        assert call.status == 200
        call("DELETE", path, claims=ANN)
        assert call.status == 200

    @pytest.mark.parametrize(
        ("method", "suffix"), [("PUT", ""), ("DELETE", ""), ("PUT", "restore/")]
    )
    def test_another_reaction(self, call: Caller, method: str, suffix: str) -> None:
        path = f"reaction/{call('POST', 'reaction/', reaction())['id']}/"
        if suffix:
            call("DELETE", path, query={"soft": "true"})
        document = call(method, path + suffix, {"data": {"a": 1}}, claims=BOB)

        assert (call.status, document["code"]) == (403, 17)
        assert call("GET", path)["data"] == {}

    def test_a_reaction_as_another_user(self, call: Caller) -> None:
        document = call("POST", "reaction/", reaction(), claims=BOB)

        assert list(document["exception_fields"]) == ["user_id"]

    @pytest.mark.parametrize(
        ("feed", "status"), [("user:ann", 201), ("notification:bob", 201), ("timeline:bob", 403)]
    )
    def test_target_feeds(self, call: Caller, feed: str, status: int) -> None:
        added = call("POST", "reaction/", reaction(), claims=ANN)
        call("POST", "reaction/", reaction(target_feeds=[feed]), claims=ANN)
        assert call.status == status
        call("PUT", f"reaction/{added['id']}/", {"target_feeds": [feed]}, claims=ANN)
        assert (call.status == 403) == (status == 403)


@pytest.mark.django_db
def test_a_server_names_the_user(call: Caller) -> None:
    document = call("POST", "reaction/", reaction(user_id=None))

    assert (call.status, document["code"], document["exception"]) == (
        400,
        10,
        "MissingUserException",
    )


@pytest.mark.django_db
def test_an_id_is_used_once(call: Caller) -> None:
    body = reaction(id=str(uuid4()))
    assert call("POST", "reaction/", body)["id"] == body["id"]

    assert call("POST", "reaction/", body)["code"] == 22
    assert call.status == 409
    assert ReactionCount.objects.get().count == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"kind": None}, "kind"),
        ({"kind": "é" * 128}, "kind"),
        ({"activity_id": None}, "activity_id"),
        ({"activity_id": "x"}, "activity_id"),
        ({"activity_id": 1}, "activity_id"),
        ({"parent": "x"}, "parent"),
        ({"id": "x"}, "id"),
        ({"user_id": "a b"}, "user_id"),
        ({"data": "text"}, "data"),
        ({"data": []}, "data"),
        ({"target_feeds_extra_data": "x"}, "target_feeds_extra_data"),
        ({"moderation_template": {}}, "moderation_template"),
    ],
)
def test_a_wrong_reaction_is_named(call: Caller, changes: dict[str, Any], named: str) -> None:
    document = call("POST", "reaction/", reaction(**changes))

    assert (call.status, document["code"]) == (400, 4)
    assert list(document["exception_fields"]) == [named]
    assert not Reaction.objects.exists()
