"""The unmodified stream-python client over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings
from stream import exceptions
from stream.exceptions import NotAllowedException

NOW = datetime(2026, 3, 4, 5, 6, 7, 89012, tzinfo=UTC)


def activity(**changes: Any) -> dict[str, Any]:
    """Return an activity a publisher could send."""
    return {
        "actor": "user:1",
        "verb": "mark_done",
        "object": "todo:7",
        "foreign_id": "event:1",
        "time": NOW,
        **changes,
    }


def ids(answer: dict[str, Any]) -> list[str]:
    return [result["id"] for result in answer["results"]]


def test_an_added_activity_comes_back_whole(stream_client: Any) -> None:
    sent = activity(target="list:1", title="Milk", tags=["a", "b"], deep={"x": [1, 2.5, None]})
    added = stream_client.feed("user", "eric").add_activity(sent)

    assert added.pop("duration").endswith("ms")
    assert added == {**sent, "id": added["id"], "origin": None, "to": []}
    # As the hosted service does, reading leaves out an empty `to`.
    del added["to"]
    assert stream_client.feed("user", "eric").get()["results"] == [added]
    assert stream_client.feed("user", "eric").get(enrich=True)["results"] == [added]


def test_the_id_is_a_version_1_uuid_of_the_time(stream_client: Any) -> None:
    added = UUID(stream_client.feed("user", "eric").add_activity(activity())["id"])

    assert added.version == 1
    since_first_time = timedelta(microseconds=added.time // 10)
    assert datetime(1582, 10, 15, tzinfo=UTC) + since_first_time == NOW
    assert str(added)[19:26] == "8080-80"


def test_numbers_come_back_as_strings(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    added = feed.add_activity({"actor": 1, "verb": "tweet", "object": 2.5, "foreign_id": 3})

    assert (added["actor"], added["object"], added["foreign_id"]) == ("1", "2.5", "3")


def test_a_pair_added_again_overwrites(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    first = feed.add_activity(activity(note="first", gone=True))
    second = feed.add_activity(activity(actor="user:2", note="second"))

    assert second["id"] == first["id"]
    (only,) = feed.get()["results"]
    assert (only["actor"], only["note"]) == ("user:2", "second")
    assert "gone" not in only


def test_a_pair_is_the_same_in_another_zone_and_feed(stream_client: Any) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    first = stream_client.feed("user", "eric").add_activity(activity())
    second = stream_client.feed("topic", "milk").add_activity(activity(time=elsewhere))

    assert second["id"] == first["id"]


@pytest.mark.parametrize(
    "change", [{"foreign_id": "event:2"}, {"time": NOW + timedelta(microseconds=1)}]
)
def test_another_pair_is_another_activity(stream_client: Any, change: dict[str, Any]) -> None:
    feed = stream_client.feed("user", "eric")
    first, second = feed.add_activity(activity()), feed.add_activity(activity(**change))

    assert first["id"] != second["id"]
    assert len(feed.get()["results"]) == 2


def test_without_a_foreign_id_time_and_data_make_the_activity(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    plain = activity(foreign_id=None, note="a")
    first, again = feed.add_activity(plain), feed.add_activity(plain)
    other = feed.add_activity({**plain, "note": "b"})

    assert first["id"] == again["id"] != other["id"]
    assert first["foreign_id"] is None
    assert len(feed.get()["results"]) == 2


def test_without_a_time_it_is_now(stream_client: Any) -> None:
    before = datetime.now(UTC)
    added = stream_client.feed("user", "eric").add_activity(activity(time=None))

    assert before <= added["time"] <= datetime.now(UTC)


def test_a_batch_is_returned_in_its_order_and_read_newest_first(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    batch = [{"actor": 1, "verb": "add", "object": number} for number in range(5)]
    added = feed.add_activities(batch)["activities"]

    assert [item["object"] for item in added] == ["0", "1", "2", "3", "4"]
    assert ids(feed.get()) == [item["id"] for item in reversed(added)]


def test_a_pair_twice_in_a_batch_is_one_activity_and_the_later_one(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    batch = [activity(object="todo:1"), activity(object="todo:2")]
    first, second = feed.add_activities(batch)["activities"]

    assert first["id"] == second["id"]
    (only,) = feed.get()["results"]
    assert only["object"] == "todo:2"


def test_a_batch_with_a_wrong_item_leaves_no_trace(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    with pytest.raises(exceptions.InputException, match=r"activities\.1\.actor"):
        feed.add_activities([activity(), {"verb": "add", "object": 1}])

    assert feed.get()["results"] == []


def test_a_late_activity_lands_at_its_time(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    for number in (1, 3, 2):
        late = activity(foreign_id=f"event:{number}", time=NOW + timedelta(seconds=number))
        feed.add_activity(late)

    found = [result["foreign_id"] for result in feed.get()["results"]]
    assert found == ["event:3", "event:2", "event:1"]


def test_feeds_do_not_mix(stream_client: Any, settings: Settings) -> None:
    settings.FEEDS_SERVER = {**settings.FEEDS_SERVER, "GROUPS": {"user1": "flat"}}
    # In tokens, which omit the colon, user:11 would have the same id as user1:1: it is refused.
    stream_client.feed("user", "21").add_activity(activity())
    with pytest.raises(NotAllowedException, match="may be that of user1:1"):
        stream_client.feed("user", "11").add_activity(activity())

    assert stream_client.feed("user", "2").get()["results"] == []


def test_copies_in_targets(stream_client: Any) -> None:
    source, team = stream_client.feed("user", "eric"), stream_client.feed("team", "blue")
    sent = activity(to=["team:blue", "team:blue", "user:eric"])
    added = source.add_activity(sent)

    assert added["to"] == ["team:blue", "user:eric"]
    for feed in (source, team):
        (only,) = feed.get()["results"]
        assert (only["id"], only["origin"]) == (added["id"], None)


def test_removing_by_id_takes_the_copies_too(stream_client: Any) -> None:
    source, team = stream_client.feed("user", "eric"), stream_client.feed("team", "blue")
    kept = source.add_activity(activity(foreign_id="event:2", to=["team:blue"]))
    added = source.add_activity(activity(to=["team:blue"]))

    for _ in range(2):
        assert source.remove_activity(added["id"])["removed"] == added["id"]
    assert ids(source.get()) == ids(team.get()) == [kept["id"]]
    assert stream_client.get_activities(ids=[added["id"]])["results"] == []


def test_removing_by_foreign_id_takes_every_time_of_it(stream_client: Any) -> None:
    source, team = stream_client.feed("user", "eric"), stream_client.feed("team", "blue")
    source.add_activity(activity(to=["team:blue"]))
    source.add_activity(activity(time=NOW + timedelta(days=1)))

    for _ in range(2):
        assert source.remove_activity(foreign_id="event:1")["removed"] == "event:1"
    assert source.get()["results"] == team.get()["results"] == []


def test_removing_from_one_feed_leaves_what_another_added(stream_client: Any) -> None:
    user, topic = stream_client.feed("user", "eric"), stream_client.feed("topic", "milk")
    team = stream_client.feed("team", "blue")
    for feed in (user, topic):
        added = feed.add_activity(activity(to=["team:blue"]))

    user.remove_activity(added["id"])
    assert ids(user.get()) == []
    assert ids(topic.get()) == ids(team.get()) == [added["id"]]


def test_removing_from_a_target_leaves_the_origin(stream_client: Any) -> None:
    source, team = stream_client.feed("user", "eric"), stream_client.feed("team", "blue")
    added = source.add_activity(activity(to=["team:blue"]))

    team.remove_activity(added["id"])
    assert ids(team.get()) == []
    assert ids(source.get()) == [added["id"]]


def test_removing_is_not_for_a_feed_that_does_not_show_it(stream_client: Any) -> None:
    source = stream_client.feed("user", "eric")
    added = source.add_activity(activity())

    stream_client.feed("user", "other").remove_activity(added["id"])
    stream_client.feed("user", "other").remove_activity(foreign_id="event:1")
    assert ids(source.get()) == [added["id"]]


def test_reading_in_pages(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    added = feed.add_activities(
        [activity(foreign_id=f"event:{number}", time=NOW) for number in range(4)]
        + [activity(time=NOW + timedelta(seconds=number)) for number in range(1, 30)]
    )["activities"]
    everything = ids(feed.get(limit=100))

    assert sorted(everything) == sorted(item["id"] for item in added)
    assert ids(feed.get()) == everything[:25]
    assert ids(feed.get(limit=3, offset=30)) == everything[30:]
    # The last activities share one time, so the bound compares the whole id.
    for position in (5, 30, 31):
        bound = everything[position]
        assert ids(feed.get(limit=100, id_lt=bound)) == everything[position + 1 :]
        assert ids(feed.get(limit=100, id_lte=bound)) == everything[position:]
        assert ids(feed.get(limit=100, id_gt=bound)) == everything[:position]
        assert ids(feed.get(limit=100, id_gte=bound)) == everything[: position + 1]


def test_a_page_continues_after_an_activity_that_is_gone(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    for number in range(3):
        feed.add_activity(activity(time=NOW + timedelta(seconds=number)))
    newest, gone, oldest = ids(feed.get())

    feed.remove_activity(gone)
    assert ids(feed.get(id_lt=gone)) == [oldest]
    assert ids(feed.get(id_gt=gone)) == [newest]


def test_the_next_link_leads_through_the_feed(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    for number in range(5):
        feed.add_activity(activity(time=NOW + timedelta(seconds=number)))
    everything, found = ids(feed.get()), []
    page = feed.get(limit=2)

    while True:
        found += ids(page)
        if not page["next"]:
            break
        path, _, query = page["next"].partition("?")
        assert path == "/api/v1.0/feed/user/eric/"
        parameters = dict(pair.split("=") for pair in query.split("&"))
        assert (parameters["limit"], parameters["offset"]) == ("2", "0")
        assert parameters.pop("api_key") == stream_client.api_key
        page = feed.get(**parameters)
    assert found == everything


def test_getting_activities_by_id_and_by_pair(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    first = feed.add_activity(activity())
    second = feed.add_activity(activity(foreign_id="event:2"))
    missing = "87a9eec0-fd5f-11e8-8080-80013fed2f5b"
    asked = [second["id"], missing, first["id"]]
    pairs = [("event:2", NOW), ("event:3", NOW), ("event:1", NOW)]

    assert ids(stream_client.get_activities(ids=asked)) == [second["id"], first["id"]]
    assert ids(stream_client.get_activities(ids=asked, enrich=True)) == [second["id"], first["id"]]
    found = ids(stream_client.get_activities(foreign_id_times=pairs))
    assert found == [second["id"], first["id"]]


def test_each_missing_or_invalid_field_is_listed(stream_client: Any) -> None:
    with pytest.raises(exceptions.InputException) as caught:
        stream_client.feed("user", "eric").add_activity({"verb": "x" * 256, "time": "soon"})

    assert caught.value.status_code == 400
    for field in ("actor", "verb", "object", "time"):
        assert f'Field "{field}" errors' in caught.value.detail


def test_an_unknown_key_and_a_wrong_secret(connect: Callable[..., Any]) -> None:
    with pytest.raises(exceptions.ApiKeyException) as caught:
        connect(api_key="other").feed("user", "eric").get()
    assert caught.value.status_code == 401
    with pytest.raises(exceptions.SignatureException) as refused:
        connect(api_secret="another-secret-of-more-than-32-bytes").feed("user", "eric").get()
    assert refused.value.status_code == 401


def test_a_large_activity(stream_client: Any) -> None:
    feed = stream_client.feed("user", "eric")
    # A hundred targets and their tokens exceed the limit, but are not counted.
    feed.add_activity(activity(to=[f"team:{number}" for number in range(100)]))
    with pytest.raises(exceptions.StreamApiException) as caught:
        feed.add_activity(activity(text="x" * 10_240))

    assert caught.value.status_code == 413
    assert len(feed.get()["results"]) == 1


def test_the_async_client(connect: Callable[..., Any]) -> None:
    async def add_and_read() -> tuple[Any, Any]:
        feed = connect(use_async=True).feed("user", "eric")
        added = await feed.add_activity(activity(to=["team:blue"]))
        return added, await feed.get()

    added, read = asyncio.run(add_and_read())
    assert ids(read) == [added["id"]]
