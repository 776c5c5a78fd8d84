"""Collections, with the unmodified stream-python client over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from stream import exceptions

from tests.integration.stream.server.calls import Caller

ANN, BOB = {"user_id": "ann"}, {"user_id": "bob"}
MILK = {"name": "Milk", "tags": ["a", {"b": 1}]}


def without_duration(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "duration"}


def test_an_entry_comes_back_whole(stream_client: Any) -> None:
    added = stream_client.collections.add("items", MILK, id="milk")

    assert (added["id"], added["collection"], added["foreign_id"], added["data"]) == (
        "milk",
        "items",
        "items:milk",
        MILK,
    )
    assert added["created_at"] == added["updated_at"]
    assert without_duration(stream_client.collections.get("items", "milk")) == (
        without_duration(added)
    )


def test_an_entry_without_an_id_gets_one(stream_client: Any) -> None:
    first, second = (stream_client.collections.add("items", MILK) for _ in range(2))

    assert UUID(first["id"]) != UUID(second["id"])


def test_an_entry_is_added_once(stream_client: Any) -> None:
    stream_client.collections.add("items", MILK, id="milk")
    with pytest.raises(exceptions.StreamApiException) as raised:
        stream_client.collections.add("items", {"name": "Other"}, id="milk")

    assert raised.value.status_code == 409
    assert stream_client.collections.get("items", "milk")["data"] == MILK
    assert stream_client.collections.add("food", {"name": "Other"}, id="milk")["id"] == "milk"


def test_an_update_replaces_the_data(stream_client: Any) -> None:
    added = stream_client.collections.add("items", MILK, id="milk")
    updated = stream_client.collections.update("items", "milk", data={"name": "Oat"})

    assert updated["data"] == {"name": "Oat"}
    assert updated["created_at"] == added["created_at"]
    assert updated["updated_at"] > added["updated_at"]


def test_a_deleted_entry_is_gone_and_can_be_added_again(stream_client: Any) -> None:
    stream_client.collections.add("items", MILK, id="milk")
    stream_client.collections.delete("items", "milk")

    for call in (stream_client.collections.get, stream_client.collections.delete):
        with pytest.raises(exceptions.DoesNotExistException):
            call("items", "milk")
    assert stream_client.collections.add("items", {"a": 1}, id="milk")["data"] == {"a": 1}


def test_upsert_select_and_delete_many(stream_client: Any) -> None:
    collections = stream_client.collections
    collections.add("items", {"name": "Old"}, id="1")
    sent = [{"id": "1", "name": "New"}, {"id": "2", "name": "Two"}]
    assert collections.upsert("items", sent)["data"] == {"items": sent}

    selected = collections.select("items", ["1", "2", "3"])["response"]["data"]
    assert [(entry["foreign_id"], entry["data"]) for entry in selected] == [
        ("items:1", {"name": "New"}),
        ("items:2", {"name": "Two"}),
    ]

    collections.delete_many("items", ["1", "3"])
    selected = collections.select("items", ["1", "2"])["response"]["data"]
    assert [entry["id"] for entry in selected] == ["2"]


def test_an_upsert_without_an_id_returns_the_new_one(stream_client: Any) -> None:
    (written,) = stream_client.collections.upsert("items", {"name": "Milk"})["data"]["items"]

    assert stream_client.collections.get("items", written["id"])["data"] == {"name": "Milk"}


def test_the_asynchronous_client(connect: Callable[..., Any]) -> None:
    asyncio.run(use_asynchronously(connect))


async def use_asynchronously(connect: Callable[..., Any]) -> None:
    collections = connect(use_async=True).collections
    await collections.add("items", MILK, id="milk", user_id="ann")
    await collections.update("items", "milk", data={"name": "Oat"})
    assert (await collections.get("items", "milk"))["data"] == {"name": "Oat"}

    await collections.upsert("items", [{"id": "tea", "name": "Tea"}])
    selected = await collections.select("items", ["milk", "tea"])
    assert [entry["id"] for entry in selected["response"]["data"]] == ["milk", "tea"]

    await collections.delete_many("items", ["tea"])
    await collections.delete("items", "milk")
    assert (await collections.select("items", ["milk", "tea"]))["response"]["data"] == []


@pytest.mark.django_db
class TestUserTokens:
    """A user changes own entries only, and reads all."""

    def test_the_own_entry(self, call: Caller) -> None:
        added = call("POST", "collections/items/", {"data": {"a": 1}}, claims=ANN)
        path = f"collections/items/{added['id']}/"

        assert call("GET", path, claims=BOB)["data"] == {"a": 1}
        assert call("PUT", path, {"data": {"a": 2}}, claims=ANN)["data"] == {"a": 2}
        call("DELETE", path, claims=ANN)
        assert call.status == 200

    @pytest.mark.parametrize("owner", ["bob", None])
    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_another_entry(self, call: Caller, owner: str | None, method: str) -> None:
        body = {"id": "1", "user_id": owner, "data": {"a": 1}}
        call("POST", "collections/items/", body)

        document = call(method, "collections/items/1/", {"data": {"a": 2}}, claims=ANN)
        assert (call.status, document["code"]) == (403, 17)
        assert call("GET", "collections/items/1/")["data"] == {"a": 1}

    def test_an_entry_for_another_user(self, call: Caller) -> None:
        body = {"user_id": "bob", "data": {"a": 1}}
        assert call("POST", "collections/items/", body, claims=ANN)["code"] == 17

    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_many_entries(self, call: Caller, method: str) -> None:
        query = {"foreign_ids": "items:1", "collection_name": "items", "ids": "1"}
        body = {"data": {"items": [{"id": "1"}]}}
        assert call(method, "collections/", body, claims=ANN, query=query)["code"] == 17


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "changes", "named"),
    [
        ("collections/items/", {"id": "!abc"}, "id"),
        ("collections/items/", {"id": "a b"}, "id"),
        ("collections/items/", {"data": "text"}, "data"),
        ("collections/items/", {"data": {}}, "data"),
        ("collections/items/", {"data": None}, "data"),
        ("collections/items/", {"user_id": "a b"}, "user_id"),
        ("collections/a b/", {}, "collection"),
    ],
)
def test_a_wrong_entry_is_named(
    call: Caller, path: str, changes: dict[str, Any], named: str
) -> None:
    document = call("POST", path, {"data": {"a": 1}, **changes})

    assert (call.status, document["code"]) == (400, 4)
    assert list(document["exception_fields"]) == [named]


@pytest.mark.django_db
def test_the_id_of_an_entry_cannot_be_changed(call: Caller) -> None:
    call("POST", "collections/items/", {"id": "1", "data": {"a": 1}})

    document = call("PUT", "collections/items/1/", {"id": 2, "data": {"a": 2}})
    assert list(document["exception_fields"]) == ["id"]
    assert call("PUT", "collections/items/1/", {"id": 1, "data": {"a": 2}})["data"] == {"a": 2}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"items": {}},
        {"items": []},
        {"items": [1]},
        {"items": [{"id": "a b"}]},
        {"a b": [{"id": "1"}]},
        {"items": [{"id": "1"}], "food": [{"id": []}]},
        {"items": [{}] * 501, "food": [{}] * 500},
    ],
)
def test_a_wrong_upsert_leaves_no_trace(call: Caller, data: Any) -> None:
    assert call("POST", "collections/", {"data": data})["code"] == 4

    found = call("GET", "collections/", query={"foreign_ids": "items:1,food:1"})
    assert found["response"]["data"] == []


@pytest.mark.django_db
@pytest.mark.parametrize("foreign_ids", ["", "items", "items:", ":1", "items:1:2", "a,b"])
def test_a_wrong_selection(call: Caller, foreign_ids: str) -> None:
    assert call("GET", "collections/", query={"foreign_ids": foreign_ids})["code"] == 4
