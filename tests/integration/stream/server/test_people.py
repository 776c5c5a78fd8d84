"""Users, with the unmodified stream-python client over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from stream import exceptions

from tests.integration.stream.server.calls import Caller

ANN = {"user_id": "ann"}
TIMES = {"created_at", "updated_at"}


def test_a_user_comes_back_whole(stream_client: Any) -> None:
    added = stream_client.users.add("ann", {"name": "Ann", "tags": ["a", {"b": 1}]})

    assert added.pop("duration").endswith("ms")
    assert added.keys() == {"id", "data"} | TIMES
    assert added["created_at"] == added["updated_at"]
    assert added["created_at"].endswith("Z")
    found = stream_client.users.get("ann")
    assert {name: found[name] for name in added} == added


def test_a_user_without_data_has_an_empty_object(stream_client: Any) -> None:
    stream_client.users.add("ann")

    assert stream_client.users.get("ann")["data"] == {}


def test_a_user_is_added_once(stream_client: Any) -> None:
    first = stream_client.users.add("ann", {"name": "Ann"})
    with pytest.raises(exceptions.StreamApiException) as raised:
        stream_client.users.add("ann", {"name": "Other"})
    again = stream_client.users.add("ann", {"name": "Other"}, get_or_create=True)

    assert raised.value.status_code == 409
    assert {**again, "duration": ""} == {**first, "duration": ""}


def test_concurrent_requests_create_one_user(connect: Callable[..., Any]) -> None:
    clients = [connect() for _ in range(4)]
    with ThreadPoolExecutor() as threads:
        adding = [
            threads.submit(client.users.add, "ann", {"n": n}, get_or_create=True)
            for n, client in enumerate(clients)
        ]
    assert len({str(future.result()["data"]) for future in adding}) == 1


def test_an_update_replaces_the_data(stream_client: Any) -> None:
    added = stream_client.users.add("ann", {"name": "Ann", "age": 1})
    updated = stream_client.users.update("ann", {"name": "Anna"})

    assert updated["data"] == stream_client.users.get("ann")["data"] == {"name": "Anna"}
    assert updated["created_at"] == added["created_at"]
    assert updated["updated_at"] > added["updated_at"]


def test_a_deleted_user_is_gone(stream_client: Any) -> None:
    stream_client.users.add("ann")
    stream_client.users.delete("ann")

    for call in (stream_client.users.get, stream_client.users.delete, stream_client.users.update):
        with pytest.raises(exceptions.DoesNotExistException):
            call("ann")


def test_the_follow_counts_are_those_of_timelines_that_follow_users(stream_client: Any) -> None:
    stream_client.users.add("ann")
    for follower, target in (
        ("timeline:ann", "user:bob"),
        ("timeline:ann", "user:eve"),
        ("timeline:ann", "timeline:bob"),
        ("user:ann", "user:eve"),
        ("timeline:bob", "user:ann"),
        ("notification:bob", "user:ann"),
    ):
        stream_client.feed(*follower.split(":")).follow(*target.split(":"))

    found = stream_client.users.get("ann", with_follow_counts=True)
    assert (found["following_count"], found["followers_count"]) == (2, 1)
    assert "following_count" not in stream_client.users.get("ann")


def test_the_asynchronous_client(connect: Callable[..., Any]) -> None:
    asyncio.run(use_asynchronously(connect))


async def use_asynchronously(connect: Callable[..., Any]) -> None:
    client = connect(use_async=True)
    added = await client.users.add("ann", {"name": "Ann"})
    again = await client.users.add("ann", get_or_create=True)
    await client.users.update("ann", {"name": "Anna"})
    found = await client.users.get("ann", with_follow_counts=True)
    await client.users.delete("ann")

    assert added["created_at"] == again["created_at"] == found["created_at"]
    assert found["data"] == {"name": "Anna"}
    with pytest.raises(exceptions.DoesNotExistException):
        await client.users.get("ann")


@pytest.mark.django_db
class TestUserTokens:
    """A user's token creates and changes that user only, and reads all."""

    def test_the_own_user(self, call: Caller) -> None:
        call("POST", "user/", {"id": "ann", "data": {"a": 1}}, claims=ANN)
        assert call.status == 201
        assert call("PUT", "user/ann/", {"data": {"a": 2}}, claims=ANN)["data"] == {"a": 2}
        assert call("GET", "user/ann/", claims={"user_id": "bob"})["data"] == {"a": 2}
        call("DELETE", "user/ann/", claims=ANN)
        assert call.status == 200

    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "user/"), ("PUT", "user/bob/"), ("DELETE", "user/bob/")]
    )
    def test_another_user(self, call: Caller, method: str, path: str) -> None:
        call("POST", "user/", {"id": "bob", "data": {"a": 1}})
        document = call(method, path, {"id": "bob", "data": {"a": 2}}, claims=ANN)

        assert (call.status, document["code"]) == (403, 17)
        assert call("GET", "user/bob/")["data"] == {"a": 1}

    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_many_users(self, call: Caller, method: str) -> None:
        body = {"users": [{"id": "ann"}]}
        assert call(method, "users/", body, claims=ANN, query={"ids": "ann"})["code"] == 17


@pytest.mark.django_db
class TestManyUsers:
    """The batch endpoint, which stream-python does not have."""

    def test_add_read_and_delete(self, call: Caller) -> None:
        users = [{"id": "ann", "data": {"a": 1}}, {"id": "bob"}]
        created = call("POST", "users/", {"users": users})["created_users"]
        assert [user["id"] for user in created] == ["ann", "bob"]

        found = call("GET", "users/", query={"ids": "ann,bob,eve"})["users"]
        assert [(user["id"], user["data"]) for user in found] == [("ann", {"a": 1}), ("bob", {})]

        deleted = call("DELETE", "users/", query={"ids": "ann,eve"})
        assert deleted["deleted_user_ids"] == ["ann"]
        call("GET", "user/ann/")
        assert call.status == 404

    @pytest.mark.parametrize(("override", "expected"), [(True, {"a": 2}), (False, {"a": 1})])
    def test_users_that_exist(self, call: Caller, override: bool, expected: Any) -> None:
        call("POST", "users/", {"users": [{"id": "ann", "data": {"a": 1}}]})
        call("POST", "users/", {"users": [{"id": "ann", "data": {"a": 2}}], "override": override})

        assert call("GET", "user/ann/")["data"] == expected

    @pytest.mark.parametrize(
        "users", [None, [], {}, [{}], [1], [{"id": "a b"}], [{"id": "a"}] * 1001]
    )
    def test_a_wrong_batch(self, call: Caller, users: Any) -> None:
        assert call("POST", "users/", {"users": users})["code"] == 4
        assert call("GET", "users/", query={"ids": "a"})["users"] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": ""},
        {"id": "a b"},
        {"id": "ann@example.com"},
        {"id": "x" * 256},
        {"id": {}},
        {"data": "text"},
        {"data": []},
        {"data": 1},
    ],
)
def test_a_wrong_user_is_named(call: Caller, changes: dict[str, Any]) -> None:
    document = call("POST", "user/", {"id": "ann", "data": {}, **changes})

    assert (call.status, document["code"]) == (400, 4)
    assert document["exception_fields"].keys() == changes.keys()


@pytest.mark.django_db
def test_data_that_is_too_large(call: Caller) -> None:
    document = call("POST", "user/", {"id": "ann", "data": {"text": "é" * 6000}})

    assert (call.status, document["code"]) == (413, 18)
