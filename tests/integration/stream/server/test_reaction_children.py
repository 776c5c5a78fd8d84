"""Reactions to reactions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from dj_actions_stream.server.models import Reaction, ReactionCount
from stream import exceptions

from tests.integration.stream.server.calls import Caller
from tests.integration.stream.server.reactions import ACTIVITY, plain, reaction


class TestChildren:
    """Reactions to reactions."""

    def test_a_child_is_shown_in_its_parent(self, stream_client: Any) -> None:
        reactions = stream_client.reactions
        parent = reactions.add("comment", ACTIVITY, "ann")
        child = plain(reactions.add_child("like", parent["id"], "bob"))

        assert (child["parent"], child["activity_id"]) == (parent["id"], ACTIVITY)
        found = reactions.get(parent["id"])
        assert found["latest_children"] == {"like": [child]}
        assert found["children_counts"] == {"like": 1}

    def test_the_newest_ten_are_shown_in_kinds(self, stream_client: Any) -> None:
        reactions = stream_client.reactions
        parent = reactions.add("comment", ACTIVITY, "ann")["id"]
        kinds = ["clap", "like"] * 6
        added = [reactions.add_child(kind, parent, "bob")["id"] for kind in kinds]

        found = reactions.get(parent)
        assert found["children_counts"] == {"clap": 6, "like": 6}
        shown = {kind: [each["id"] for each in found["latest_children"][kind]] for kind in kinds}
        assert shown == {"clap": added[10:1:-2], "like": added[11:2:-2]}

    def test_there_are_three_levels(self, stream_client: Any) -> None:
        reactions = stream_client.reactions
        levels = [reactions.add("comment", ACTIVITY, "ann")["id"]]
        levels += [reactions.add_child("like", levels[-1], "bob")["id"]]
        levels += [reactions.add_child("like", levels[-1], "eve")["id"]]

        child = reactions.get(levels[0])["latest_children"]["like"][0]
        assert child["latest_children"]["like"][0]["id"] == levels[2]
        with pytest.raises(exceptions.InputException):
            reactions.add_child("like", levels[2], "ann")

    @pytest.mark.parametrize("parent", ["unknown", "7d4f3c1e-2f0a-4b7e-9a51-5b1f0f6f8c11"])
    def test_an_unknown_parent(self, stream_client: Any, parent: str) -> None:
        with pytest.raises(exceptions.InputException, match="parent"):
            stream_client.reactions.add_child("like", parent, "ann")

    @pytest.mark.django_db
    def test_a_parent_of_another_activity(self, call: Caller) -> None:
        parent = call("POST", "reaction/", reaction())["id"]
        body = reaction(parent=parent, activity_id=str(uuid4()))
        assert list(call("POST", "reaction/", body)["exception_fields"]) == ["activity_id"]

    def test_concurrent_children_are_all_counted(self, connect: Callable[..., Any]) -> None:
        clients = [connect() for _ in range(4)]
        parent = clients[0].reactions.add("comment", ACTIVITY, "ann")["id"]
        with ThreadPoolExecutor() as threads:
            adding = [
                threads.submit(clients[number % 4].reactions.add_child, "like", parent, "bob")
                for number in range(12)
            ]
        added = [future.result()["id"] for future in adding]
        with ThreadPoolExecutor() as threads:
            list(threads.map(clients[0].reactions.delete, added[:5]))

        assert clients[0].reactions.get(parent)["children_counts"] == {"like": 7}

    def test_a_parent_and_its_children_are_deleted_at_once(
        self, connect: Callable[..., Any]
    ) -> None:
        reactions = connect().reactions
        parent = reactions.add("comment", ACTIVITY, "ann")["id"]
        children = [reactions.add_child("like", parent, "bob")["id"] for _ in range(6)]
        clients = [connect() for _ in range(4)]

        def change(number: int) -> None:
            each = clients[number % 4].reactions
            if number == 3:
                each.delete(parent)
            elif number < 7:
                each.delete(children[number - (number > 3)])
            else:
                each.add_child("like", parent, "eve")

        with ThreadPoolExecutor(max_workers=4) as threads:
            changing = [threads.submit(change, number) for number in range(10)]
        failures = {type(failed) for future in changing if (failed := future.exception())}
        # Whoever comes after the deletion does not find the parent or the child.
        assert failures <= {exceptions.DoesNotExistException, exceptions.InputException}
        assert not Reaction.objects.exists()
        assert [count.count for count in ReactionCount.objects.all()] == [0]
