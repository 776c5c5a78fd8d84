"""Updates of activities with the unmodified stream-python client over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from dj_actions_stream.server.models import Activity
from stream import exceptions

from tests.integration.stream.server.calls import FEED, Caller

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 5, 6, 7, 89012, tzinfo=UTC)
TIME = "2026-03-04T05:06:07.089012"
MISSING = "87a9eec0-fd5f-11e8-8080-80013fed2f5b"


def activity(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "actor": "user:1",
        "verb": "add",
        "object": "todo:7",
        "foreign_id": f"event:{number}",
        "time": NOW,
        **changes,
    }


PRODUCT = {"name": "shoes", "price": 9.5, "color": "blue"}


class TestOverwriting:
    def test_everything_but_the_targets_changes(self, stream_client: Any) -> None:
        feed = stream_client.feed("user", "eric")
        added = feed.add_activity(activity(to=["user:a"], old=1))
        stream_client.update_activities([activity(verb="edit", new=2, to=["user:b"])])

        (read,) = feed.get()["results"]
        assert (read["id"], read["verb"], read["new"]) == (added["id"], "edit", 2)
        assert "old" not in read
        assert read["to"] == ["user:a"]
        assert len(stream_client.feed("user", "a").get()["results"]) == 1
        assert stream_client.feed("user", "b").get()["results"] == []

    def test_what_does_not_exist_is_created_in_no_feed(self, stream_client: Any) -> None:
        stream_client.update_activity(activity(note="new"))

        (found,) = stream_client.get_activities(foreign_id_times=[("event:1", NOW)])["results"]
        assert found["note"] == "new"
        assert "to" not in found

    def test_what_was_read_can_be_sent(self, stream_client: Any) -> None:
        feed = stream_client.feed("user", "eric")
        feed.add_activities([activity(number) for number in range(10)])
        read = feed.get()["results"]
        stream_client.update_activities([{**item, "popularity": 100} for item in read])

        assert feed.get()["results"] == [{**item, "popularity": 100} for item in read]

    @pytest.mark.parametrize(
        "changes",
        [
            {"foreign_id": None},
            {"time": None},
            {"time": "soon"},
            {"to": ["to"]},
            {"actor": None},
            {"score": 1},
        ],
    )
    def test_a_wrong_item_leaves_no_trace(
        self, stream_client: Any, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(exceptions.InputException, match=r"activities\.1"):
            stream_client.update_activities([activity(2), activity(**changes)])
        assert not Activity.objects.exists()

    @pytest.mark.parametrize("items", [None, [], {}, [activity(time=TIME)] * 101])
    def test_a_wrong_list(self, call: Caller, items: Any) -> None:
        answer = call("POST", "activities/", {"activities": items})

        assert (call.status, answer["code"]) == (400, 4)

    def test_too_large_an_activity(self, call: Caller) -> None:
        item = activity(time=TIME, text="x" * 10_241)
        answer = call("POST", "activities/", {"activities": [item]})

        assert (call.status, answer["code"]) == (413, 18)


class TestPartialUpdate:
    def test_paths_are_set_and_unset(self, stream_client: Any) -> None:
        feed = stream_client.feed("user", "eric")
        added = feed.add_activity(activity(product=PRODUCT, gone=1))
        (before,) = feed.get()["results"]
        updated = stream_client.activity_partial_update(
            id=added["id"],
            set={"product.name": "boots", "a.b.c": [1], "popularity": 1000, "none": None},
            unset=["product.color", "gone", "missing", "product.deep.missing"],
        )["activities"][0]

        expected = {**before, "product": {"name": "boots", "price": 9.5}, "popularity": 1000}
        del expected["gone"]
        expected |= {"a": {"b": {"c": [1]}}, "none": None}
        assert updated == expected
        assert feed.get()["results"] == [expected]

    def test_by_foreign_id_and_time(self, stream_client: Any) -> None:
        feed = stream_client.feed("user", "eric")
        feed.add_activity(activity(product=PRODUCT))
        stream_client.activity_partial_update(
            foreign_id="event:1", time=NOW, set={"product.price": 8}, unset=["product.name"]
        )

        assert feed.get()["results"][0]["product"] == {"price": 8, "color": "blue"}

    def test_many_in_order_of_the_request(self, stream_client: Any) -> None:
        feed = stream_client.feed("user", "eric")
        ids = [feed.add_activity(activity(number))["id"] for number in range(3)]
        changes = [
            {"id": ids[2], "set": {"n": 1}},
            {"id": ids[0], "set": {"n": 2}},
            {"id": ids[2], "set": {"n": 3}},
        ]
        answer = stream_client.activities_partial_update(changes)["activities"]

        assert [item["id"] for item in answer] == [ids[2], ids[0], ids[2]]
        read = {item["id"]: item.get("n") for item in feed.get()["results"]}
        assert read == {ids[0]: 2, ids[1]: None, ids[2]: 3}

    def test_an_activity_that_does_not_exist_leaves_the_others(self, stream_client: Any) -> None:
        feed = stream_client.feed("user", "eric")
        added = feed.add_activity(activity())
        changes = [{"id": added["id"], "set": {"n": 1}}, {"id": MISSING, "set": {"n": 1}}]
        with pytest.raises(exceptions.DoesNotExistException):
            stream_client.activities_partial_update(changes)

        assert "n" not in feed.get()["results"][0]

    @pytest.mark.parametrize(
        "change",
        [
            7,
            {},
            {"id": "x"},
            {"id": 7},
            {"id": MISSING, "time": TIME},
            {"foreign_id": "event:1"},
            {"foreign_id": "event:1", "time": TIME, "sets": {}},
            {"foreign_id": "event:1", "time": TIME, "set": []},
            {"foreign_id": "event:1", "time": TIME, "set": {"": 1}},
            {"foreign_id": "event:1", "time": TIME, "set": {"a..b": 1}},
            {"foreign_id": "event:1", "time": TIME, "unset": "a"},
            {"foreign_id": "event:1", "time": TIME, "unset": [7]},
            {"foreign_id": "event:1", "time": TIME, "unset": [f"a{n}" for n in range(26)]},
            {"foreign_id": "event:1", "time": TIME, "set": {f"a{n}": n for n in range(26)}},
            {"foreign_id": "event:1", "time": TIME, "set": {"text.deeper": 1}},
            {"foreign_id": "event:1", "time": TIME, "unset": ["text.deeper"]},
            {"foreign_id": "event:1", "time": TIME, "set": {"a": 1, "a.b": 2}},
            {"foreign_id": "event:1", "time": TIME, "set": {"a.b": 1}, "unset": ["a"]},
        ],
        ids=lambda change: repr(change)[:70],
    )
    def test_a_wrong_change(self, call: Caller, change: Any) -> None:
        call("POST", FEED, activity(time=TIME, text="x"))
        answer = call("POST", "activity/", {"changes": [change]})

        assert (call.status, answer["code"]) == (400, 4)

    @pytest.mark.parametrize(
        "name",
        ["id", "actor", "verb", "object", "time", "target", "foreign_id", "to", "origin", "score"],
    )
    def test_a_reserved_field(self, call: Caller, name: str) -> None:
        call("POST", FEED, activity(time=TIME))
        pair = {"foreign_id": "event:1", "time": TIME}
        for change in ({"set": {name: "x"}}, {"set": {f"{name}.x": 1}}, {"unset": [name]}):
            answer = call("POST", "activity/", {"changes": [{**pair, **change}]})
            assert (call.status, answer["code"]) == (400, 4)
            assert name in str(answer["exception_fields"])

    @pytest.mark.parametrize("changes", [None, [], {}, [{"id": MISSING}] * 101])
    def test_a_wrong_list(self, call: Caller, changes: Any) -> None:
        answer = call("POST", "activity/", {"changes": changes})

        assert (call.status, answer["code"]) == (400, 4)

    def test_it_does_not_grow_beyond_the_limit(self, call: Caller) -> None:
        added = call("POST", FEED, activity(time=TIME, text="x" * 6000))
        change = {"id": added["id"], "set": {"more": "x" * 6000}}
        answer = call("POST", "activity/", {"changes": [change]})

        assert (call.status, answer["code"]) == (413, 18)
        assert "more" not in call("GET", FEED)["results"][0]


def test_the_async_client(connect: Callable[..., Any]) -> None:
    async def change() -> Any:
        client = connect(use_async=True)
        feed = client.feed("user", "eric")
        await feed.add_activities([activity(1), activity(2)])
        await client.update_activities([activity(1, note="a"), activity(2, note="b")])
        await client.update_activity(activity(1, note="c"))
        await client.activity_partial_update(foreign_id="event:2", time=NOW, set={"note": "d"})
        return await client.get_activities(foreign_id_times=[("event:1", NOW), ("event:2", NOW)])

    assert [item["note"] for item in asyncio.run(change())["results"]] == ["c", "d"]
