"""Enrichment of activities, with the unmodified stream-python client over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.integration.stream.server.calls import FEED, Caller

ANN = {"user_id": "ann"}


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without its duration."""
    return {name: value for name, value in document.items() if name != "duration"}


def add(client: Any, **fields: Any) -> dict[str, Any]:
    """Add an activity to the feed user:eric, and return it."""
    activity = {"actor": "eric", "verb": "add", "object": "todo:1", **fields}
    added: dict[str, Any] = client.feed("user", "eric").add_activity(activity)
    return added


def enriched(client: Any, **options: Any) -> dict[str, Any]:
    """Return the newest activity of the feed user:eric, enriched."""
    results = client.feed("user", "eric").get(enrich=True, **options)["results"]
    activity: dict[str, Any] = results[0]
    return activity


class TestReferences:
    """References in any field are replaced by what they refer to."""

    def test_a_user_an_entry_and_a_reaction(self, stream_client: Any) -> None:
        user = plain(stream_client.users.add("ann", {"name": "Ann"}))
        entry = plain(stream_client.collections.add("items", {"name": "Milk"}))
        like = plain(stream_client.reactions.add("like", str(uuid4()), "ann"))
        sent = {
            "actor": stream_client.users.create_reference(user),
            "object": stream_client.collections.create_reference(entry=entry),
            "cause": f"SR:{like['id']}",
        }
        add(stream_client, **sent)

        found = enriched(stream_client)
        assert (found["actor"], found["object"], found["cause"]) == (user, entry, like)
        (stored,) = stream_client.feed("user", "eric").get()["results"]
        assert {name: stored[name] for name in sent} == sent

    def test_an_activity_with_references_of_its_own(self, stream_client: Any) -> None:
        user = plain(stream_client.users.add("ann", {"name": "Ann"}))
        first = add(stream_client, actor="SU:ann")
        add(stream_client, verb="share", object=f"SA:{first['id']}")

        found = enriched(stream_client)["object"]
        assert (found["id"], found["verb"], found["actor"]) == (first["id"], "add", user)

    def test_what_does_not_exist(self, stream_client: Any) -> None:
        unknown = str(uuid4())
        sent = {
            "actor": "SU:ann",
            "object": "SO:items:milk",
            "cause": f"SR:{unknown}",
            "about": f"SA:{unknown}",
            "odd": "SA:x",
        }
        add(stream_client, **sent)

        found = enriched(stream_client)
        assert {name: found[name] for name in sent} == {
            "actor": missing("SU:ann", "user", id="ann"),
            "object": missing("SO:items:milk", "object", collection="items", id="milk"),
            "cause": missing(f"SR:{unknown}", "reaction", id=unknown),
            "about": missing(f"SA:{unknown}", "activity", id=unknown),
            "odd": missing("SA:x", "activity", id="x"),
        }

    def test_what_is_not_a_reference(self, stream_client: Any) -> None:
        stream_client.users.add("ann")
        sent = {
            "actor": "SU:",
            "object": "SO:items",
            "verb": "SU:ann",
            "foreign_id": "SU:ann",
            "note": "SUPER:ann",
            "tags": ["SU:ann"],
        }
        add(stream_client, **sent)

        found = enriched(stream_client)
        assert {name: found[name] for name in sent} == sent

    def test_a_circle_ends(self, stream_client: Any) -> None:
        first = add(stream_client, foreign_id="1", time="2026-01-01T00:00:00.000000")
        second = add(stream_client, object=f"SA:{first['id']}")
        add(
            stream_client,
            foreign_id="1",
            time="2026-01-01T00:00:00.000000",
            object=f"SA:{second['id']}",
        )

        found, depth = enriched(stream_client), 0
        while isinstance(found["object"], dict):
            found, depth = found["object"], depth + 1
        assert depth == 3

    def test_activities_by_id(self, stream_client: Any) -> None:
        user = plain(stream_client.users.add("ann"))
        added = add(stream_client, actor="SU:ann")

        (found,) = stream_client.get_activities(ids=[added["id"]], enrich=True)["results"]
        assert found["actor"] == user
        (found,) = stream_client.get_activities(ids=[added["id"]])["results"]
        assert found["actor"] == "SU:ann"

    @pytest.mark.django_db
    def test_a_page_takes_few_queries(self, call: Caller) -> None:
        def read() -> int:
            query = {
                "limit": "25",
                "user_id": "u1",
                "withOwnReactions": "true",
                "withRecentReactions": "true",
                "withReactionCounts": "true",
                "withOwnChildren": "true",
            }
            with CaptureQueriesContext(connection) as queries:
                call("GET", f"enrich/{FEED}", query=query)
            return len(queries)

        def fill(numbers: range) -> None:
            for number in numbers:
                call("POST", "user/", {"id": f"u{number}"})
                call("POST", "collections/items/", {"id": f"{number}", "data": {"n": number}})
                activity = {"actor": f"SU:u{number}", "verb": "v", "object": f"SO:items:{number}"}
                added = call("POST", FEED, activity)["id"]
                like = {"kind": "like", "activity_id": added, "user_id": "u1"}
                parent = call("POST", "reaction/", like)["id"]
                call("POST", "reaction/", {"kind": "like", "parent": parent, "user_id": "u1"})

        fill(range(1, 3))
        few = read()
        fill(range(3, 20))
        assert read() == few < 20


class TestReactions:
    """Reactions that are added to the activities."""

    def test_nothing_is_added_without_a_request(self, stream_client: Any) -> None:
        activity = add(stream_client)
        stream_client.reactions.add("like", activity["id"], "ann")

        assert not [name for name in enriched(stream_client) if "reaction" in name]

    def test_own_recent_and_counts(self, stream_client: Any) -> None:
        activity, reactions = add(stream_client), stream_client.reactions
        mine = plain(reactions.add("like", activity["id"], "ann"))
        theirs = plain(reactions.add("like", activity["id"], "bob"))
        comment = plain(reactions.add("comment", activity["id"], "bob", data={"text": "x"}))

        found = enriched(
            stream_client,
            reactions={"own": True, "recent": True, "counts": True},
            user_id="ann",
        )
        assert found["own_reactions"] == {"like": [mine]}
        assert found["latest_reactions"] == {"like": [theirs, mine], "comment": [comment]}
        assert found["latest_reactions_extra"] == {"like": {"next": ""}, "comment": {"next": ""}}
        assert found["reaction_counts"] == {"like": 2, "comment": 1}

    def test_an_activity_without_reactions(self, stream_client: Any) -> None:
        add(stream_client)

        options = {"own": True, "recent": True, "counts": True}
        found = enriched(stream_client, reactions=options, user_id="ann")
        assert found["own_reactions"] == found["latest_reactions"] == {}
        assert found["latest_reactions_extra"] == found["reaction_counts"] == {}

    def test_a_count_stays_at_zero(self, stream_client: Any) -> None:
        activity = add(stream_client)
        like = stream_client.reactions.add("like", activity["id"], "ann")
        stream_client.reactions.delete(like["id"])

        found = enriched(stream_client, reactions={"recent": True, "counts": True})
        assert found["reaction_counts"] == {"like": 0}
        assert found["latest_reactions"] == {}

    def test_the_kinds_to_add(self, stream_client: Any) -> None:
        activity = add(stream_client)
        for kind in ("like", "comment", "share"):
            stream_client.reactions.add(kind, activity["id"], "ann")

        options = {"recent": True, "counts": True, "kinds": ["like ", "", "share"]}
        (found,) = stream_client.get_activities(ids=[activity["id"]], reactions=options)["results"]
        assert found["latest_reactions"].keys() == {"like", "share"}
        assert found["reaction_counts"] == {"like": 1, "share": 1}

    @pytest.mark.parametrize(("requested", "shown"), [(None, 5), (3, 3), (25, 7)])
    def test_a_link_to_more_of_them(
        self, stream_client: Any, requested: int | None, shown: int
    ) -> None:
        activity = add(stream_client)["id"]
        added = [stream_client.reactions.add("like", activity, "ann")["id"] for _ in range(7)]
        limit = {} if requested is None else {"recentReactionsLimit": requested}

        found = enriched(stream_client, reactions={"recent": True}, **limit)
        newest = added[::-1][:shown]
        assert [like["id"] for like in found["latest_reactions"]["like"]] == newest
        link = urlsplit(found["latest_reactions_extra"]["like"]["next"])
        if shown == 7:
            assert not link.geturl()
            return
        assert link.path == f"/api/v1.0/reaction/activity_id/{activity}/like/"
        assert parse_qs(link.query) == {
            "id_lt": [newest[-1]],
            "limit": [str(shown)],
            "withOwnChildren": ["false"],
        }

    def test_own_children(self, stream_client: Any) -> None:
        activity, reactions = add(stream_client), stream_client.reactions
        comment = reactions.add("comment", activity["id"], "bob")["id"]
        own = [reactions.add_child("like", comment, "ann")["id"] for _ in range(6)]
        reactions.add_child("like", comment, "bob")

        found = enriched(
            stream_client, reactions={"recent": True}, withOwnChildren=True, user_id="ann"
        )
        (shown,) = found["latest_reactions"]["comment"]
        assert [like["id"] for like in shown["own_children"]["like"]] == own[:0:-1]
        assert shown["children_counts"] == {"like": 7}
        assert "own_children" not in shown["own_children"]["like"][0]

    def test_the_activity_that_notifies_of_a_reaction(self, stream_client: Any) -> None:
        user = plain(stream_client.users.add("ann", {"name": "Ann"}))
        activity = add(stream_client)
        comment = stream_client.reactions.add(
            "comment", activity["id"], "ann", target_feeds=["user:bob"]
        )

        (found,) = stream_client.feed("user", "bob").get(reactions={"counts": True})["results"]
        assert (found["actor"], found["target"]) == (user, "")
        assert found["reaction"] == plain(comment)
        assert found["object"]["id"] == activity["id"]
        assert found["object"]["reaction_counts"] == {"comment": 1}
        assert found["reaction_counts"] == {}


def test_the_asynchronous_client(connect: Callable[..., Any]) -> None:
    asyncio.run(use_asynchronously(connect))


async def use_asynchronously(connect: Callable[..., Any]) -> None:
    client = connect(use_async=True)
    user = plain(await client.users.add("ann"))
    feed = client.feed("user", "eric")
    added = await feed.add_activity({"actor": "SU:ann", "verb": "add", "object": "todo:1"})
    like = plain(await client.reactions.add("like", added["id"], "ann"))
    options = {"own": True, "recent": True, "counts": True}

    (found,) = (await feed.get(reactions=options, user_id="ann"))["results"]
    assert found["actor"] == user
    assert found["own_reactions"] == found["latest_reactions"] == {"like": [like]}
    by_id = await client.get_activities(ids=[added["id"]], reactions=options, user_id="ann")
    assert by_id["results"] == [found]


@pytest.mark.django_db
class TestCallers:
    """Whose reactions are one's own."""

    def test_a_users_token_has_its_own(self, call: Caller) -> None:
        added = call("POST", FEED, {"actor": "eric", "verb": "add", "object": "todo:1"})
        body = {"kind": "like", "activity_id": added["id"]}
        like = call("POST", "reaction/", body, claims=ANN)
        call("POST", "reaction/", body, claims={"user_id": "bob"})

        read = call("GET", f"enrich/{FEED}", claims=ANN, query={"withOwnReactions": "true"})
        (found,) = read["results"]
        assert [own["id"] for own in found["own_reactions"]["like"]] == [like["id"]]

    @pytest.mark.parametrize("name", ["withOwnReactions", "withOwnChildren"])
    def test_a_server_names_the_user(self, call: Caller, name: str) -> None:
        assert call("GET", f"enrich/{FEED}", query={name: "True"})["code"] == 10
        call("GET", f"enrich/{FEED}", query={name: "True", "user_id": "ann"})
        assert call.status == 200

    @pytest.mark.parametrize("limit", ["0", "26", "-1", "x", "", "²"])
    def test_a_wrong_limit(self, call: Caller, limit: str) -> None:
        document = call("GET", f"enrich/{FEED}", query={"recentReactionsLimit": limit})
        assert list(document["exception_fields"]) == ["recentReactionsLimit"]


def missing(reference: str, reference_type: str, **identity: str) -> dict[str, Any]:
    """Return what Stream puts in place of a reference that leads nowhere."""
    return {
        **identity,
        "reference": reference,
        "reference_type": reference_type,
        "error": "ReferenceNotFound",
    }
