"""The publisher for Feeds v3."""

from __future__ import annotations

import time
from typing import Any

import pytest
from dj_actions_stream.v3 import StreamV3Publisher

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublisherUnavailable,
    PublishRejected,
)
from dj_actions.messages import Actor, Message, Receipt
from dj_actions.testing.contract import PublisherContract, make_message
from tests.fixtures.destinations import failure_of
from tests.fixtures.scripted_server import Fault, as_page
from tests.integration.stream.v3.destination import (
    API_KEY,
    API_SECRET,
    FeedsV3Destination,
    refusal,
)


class TestContract(PublisherContract):
    """The contract of every publisher."""

    @pytest.fixture(autouse=True)
    def _server(self, destination: FeedsV3Destination) -> None:
        self.destination = destination

    def make_publisher(self) -> StreamV3Publisher:
        return self.destination.make()

    def count_effects(self, message: Message) -> int:
        own = f"djactions:{message.id}"
        return sum(key.startswith(own) for key in self.destination.activities)


def test_an_activity_has_what_v3_has_a_place_for_and_the_rest_as_custom_data(
    destination: FeedsV3Destination,
) -> None:
    message = make_message(recipients=("team:blue",))
    receipt = destination.make().publish(message)

    (activity,) = destination.activities.values()
    assert receipt == Receipt(id=activity["id"], scope="user:1")
    assert (activity["type"], activity["user_id"]) == ("mark_done", "1")
    assert activity["text"] == "ann finished Buy milk"
    assert activity["feeds"] == ["user:1", "team:blue"]
    assert activity["custom"] == {
        "actor": "user:1",
        "actor_label": "ann",
        "object": "todo:7",
        "time": "2026-01-02T03:04:05.678901",
        "resource": "todo",
        "object_ids": ["7"],
        "object_count": 1,
    }


def test_users_are_created_before_their_activities_and_once(
    destination: FeedsV3Destination,
) -> None:
    publisher = destination.make()
    list(publisher.publish_many([make_message(), make_message()]))
    publisher.publish(make_message(actor=Actor(id="2", label="bob")))
    publisher.publish(make_message())

    assert destination.users == {"1": {"id": "1", "name": "ann"}, "2": {"id": "2", "name": "bob"}}
    paths = [(request.method, request.path) for request in destination.server.requests]
    batch, users = ("POST", "/api/v2/feeds/activities/batch"), "/api/v2/users"
    lookup, creation = ("GET", users), ("POST", users)
    assert paths == [lookup, creation, batch, lookup, creation, batch, batch]


def test_many_users_are_looked_up_in_urls_of_limited_length(
    destination: FeedsV3Destination,
) -> None:
    keys = [f"{number:03}{'x' * 90}" for number in range(70)]
    messages = [make_message(actor=Actor(id=key, label="ann")) for key in keys]
    outcomes = list(destination.make().publish_many(messages))

    assert all(isinstance(outcome, Receipt) for outcome in outcomes)
    assert sorted(destination.users) == keys
    assert destination.server.count("GET", "/users") == 3
    assert destination.server.count("POST", "/users") == 1


def test_a_user_that_stream_has_stays_as_it_is(destination: FeedsV3Destination) -> None:
    known = {"id": "1", "name": "Ann Miller", "image": "ann.png"}
    destination.users["1"] = dict(known)
    destination.make().publish(make_message())

    assert destination.users == {"1": known}
    assert destination.server.count("POST", "/users") == 0


def test_the_system_and_keys_of_any_kind_have_a_user(destination: FeedsV3Destination) -> None:
    ann = Actor(id="ann@example.com", label="ann")
    messages = [make_message(actor=None), make_message(actor=ann)]
    outcomes = list(destination.make().publish_many(messages))

    assert [type(outcome) for outcome in outcomes] == [Receipt, Receipt]
    assert sorted(destination.users) == ["ann_example_com--71d4f55f72fa", "system"]


@pytest.mark.parametrize(("number", "requests"), [(1, 1), (100, 1), (101, 2), (250, 3)])
def test_up_to_a_hundred_activities_are_sent_at_once(
    destination: FeedsV3Destination, number: int, requests: int
) -> None:
    messages = [make_message() for _ in range(number)]
    outcomes = list(destination.make().publish_many(messages))

    assert [outcome.id for outcome in outcomes if isinstance(outcome, Receipt)] == [
        f"djactions:{message.id}" for message in messages
    ]
    assert destination.count_effects() == number
    assert destination.server.count("POST", destination.path) == requests


def test_more_feeds_than_an_activity_can_have_get_copies(destination: FeedsV3Destination) -> None:
    message = make_message(recipients=tuple(f"team:{number}" for number in range(60)))
    publisher = destination.make()

    assert publisher.publish(message) == publisher.publish(message)
    assert len(destination.activities) == 3
    for feed in ("user:1", *message.recipients):
        assert len(destination.feed(feed)) == 1


def test_one_refused_message_of_many_is_found_and_the_others_arrive(
    destination: FeedsV3Destination,
) -> None:
    messages = [make_message() for _ in range(20)]
    messages[13] = make_message(recipients=("unknown:1",))
    outcomes = list(destination.make().publish_many(messages))

    assert type(outcomes[13]) is DestinationNotFound
    assert all(isinstance(outcome, Receipt) for outcome in outcomes[:13] + outcomes[14:])
    assert destination.count_effects() == 19
    assert destination.server.count("POST", destination.path) < 12


def test_a_message_that_cannot_be_sent_does_not_stop_its_neighbors(
    destination: FeedsV3Destination,
) -> None:
    messages = [make_message(), make_message(options={"feed": "user:{who}"}), make_message()]
    outcomes = list(destination.make().publish_many(messages))

    assert [type(outcome) for outcome in outcomes] == [Receipt, DestinationNotFound, Receipt]
    assert destination.server.count("POST", destination.path) == 1


def test_after_a_failure_each_message_of_the_batch_is_sent_by_itself(
    destination: FeedsV3Destination,
) -> None:
    destination.server.script(as_page(502), at=destination.path)
    outcomes = list(destination.make().publish_many([make_message() for _ in range(4)]))

    assert [type(outcome) for outcome in outcomes] == [PublisherUnavailable, *[Receipt] * 3]
    assert destination.server.count("POST", destination.path) == 4


def test_a_subclass_may_publish_each_message_itself(destination: FeedsV3Destination) -> None:
    seen = []

    class Watching(StreamV3Publisher):
        def publish(self, message: Message) -> Receipt:
            seen.append(message)
            return super().publish(message)

    messages = [make_message(), make_message()]
    options: dict[str, Any] = {
        "api_key": API_KEY,
        "api_secret": API_SECRET,
        "base_url": destination.server.url,
    }
    publisher = Watching(alias="feeds", **options)
    outcomes = list(publisher.publish_many(messages))
    publisher.close()

    assert seen == messages
    assert [type(outcome) for outcome in outcomes] == [Receipt, Receipt]


def test_a_message_that_failed_before_is_sent_by_itself(destination: FeedsV3Destination) -> None:
    messages = [make_message(), make_message(attempt=2), make_message()]
    list(destination.make().publish_many(messages))

    assert destination.server.count("POST", destination.path) == 3


def test_a_rate_limit_is_the_outcome_of_the_whole_batch(destination: FeedsV3Destination) -> None:
    destination.server.script(as_page(429, retry_after="7"), at=destination.path)
    outcomes = list(destination.make().publish_many([make_message(), make_message()]))

    assert [getattr(outcome, "retry_after", None) for outcome in outcomes] == [7.0, 7.0]
    assert destination.server.count("POST", destination.path) == 1


def test_a_wrong_secret_stops_the_lane_and_is_not_in_the_message(
    destination: FeedsV3Destination,
) -> None:
    secret = "another-secret-of-more-than-32-bytes"
    publisher = destination.make(api_secret=secret)
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert "signature is not valid" in str(error)
    assert secret not in str(error)


@pytest.mark.parametrize(
    ("status", "code", "ours"),
    [
        (401, 2, PublisherMisconfigured),
        (401, 5, PublisherMisconfigured),
        (401, 43, PublisherMisconfigured),
        (401, 99, PublisherMisconfigured),
        (401, 4711, PublisherMisconfigured),
        (404, 16, DestinationNotFound),
        (404, 4711, DestinationNotFound),
        (400, 4, PublishRejected),
        (403, 17, PublishRejected),
        (413, 22, PublishRejected),
        (409, 4711, PublishRejected),
        (408, 23, PublisherUnavailable),
        (500, -1, PublisherUnavailable),
        (503, 4711, PublisherUnavailable),
    ],
)
def test_streams_errors_are_distinguished(
    destination: FeedsV3Destination, status: int, code: int, ours: type[Exception]
) -> None:
    error = destination.fail(refusal(status, code, exception_fields={"feeds": "too many"}))

    assert type(error) is ours
    assert str(error).startswith("Stream: ")
    assert "the reason" in str(error)
    assert status >= 500 or "feeds: too many" in str(error)


def test_it_reads_only_to_find_out_whether_stream_is_reachable(
    destination: FeedsV3Destination,
) -> None:
    assert destination.make().check_reachable()

    (request,) = destination.server.requests
    assert (request.method, request.path) == ("GET", "/api/v2/feeds/feed_groups")


def test_a_lookup_says_in_which_feeds_an_activity_is_now(destination: FeedsV3Destination) -> None:
    publisher, message = destination.make(), make_message(recipients=("team:blue",))
    receipt = publisher.publish(message)
    destination.activities[receipt.id]["feeds"] = ["user:1"]
    found = {result.scope: result for result in publisher.look_up(message, receipt, 30)}
    assert {scope: result.exists for scope, result in found.items()} == {
        "user:1": True,
        "team:blue": False,
    }
    assert found["user:1"].id == receipt.id
    assert found["user:1"].text == message.summary
    destination.activities.clear()
    assert [result.exists for result in publisher.look_up(message, receipt, 30)] == [False, False]


def test_a_lookup_ends_in_time(destination: FeedsV3Destination) -> None:
    publisher, message = destination.make(timeout=60.0), make_message()
    receipt = publisher.publish(message)
    destination.server.script(Fault.HANG)
    started = time.monotonic()
    with pytest.raises(PublisherUnavailable):
        publisher.look_up(message, receipt, 1.0)
    assert time.monotonic() - started < 30  # not the timeout, on a slow machine either
