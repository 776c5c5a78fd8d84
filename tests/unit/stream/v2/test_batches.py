"""Activities are added with few calls, and each has its own outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.v2.batches import Addition, BatchedCalls, Step

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.messages import Receipt

USER, TEAM = FeedId("user", "1"), FeedId("team", "7")


def addition(name: str, feed: FeedId = USER, **fields: Any) -> Addition:
    """Return an activity to add."""
    is_alone = fields.pop("is_alone", False)
    return Addition(feed=feed, activity={"name": name, **fields}, is_alone=is_alone)


class Feeds:
    """A destination that fails on some names."""

    def __init__(self, failures: Mapping[str, BaseException] | None = None) -> None:
        self._failures = failures or {}
        self.calls: list[list[str]] = []

    def add(self, feed: FeedId, activities: Sequence[Mapping[str, Any]]) -> list[Receipt]:
        """Add all, or fail on the first bad one."""
        names = [activity["name"] for activity in activities]
        self.calls.append(names)
        for name in names:
            if name in self._failures:
                raise self._failures[name]
        return [Receipt(id=name, scope=str(feed)) for name in names]

    def run(self, *steps: Step) -> list[str]:
        """Return a text for each outcome."""
        outcomes = list(BatchedCalls(self.add, steps).outcomes())
        return [
            outcome.id if isinstance(outcome, Receipt) else type(outcome).__name__
            for outcome in outcomes
        ]


def names(count: int) -> list[str]:
    return [f"{number}" for number in range(count)]


def test_activities_of_one_feed_are_one_call() -> None:
    feeds = Feeds()

    assert feeds.run(*map(addition, "abc")) == ["a", "b", "c"]
    assert feeds.calls == [["a", "b", "c"]]


def test_each_feed_has_calls_of_its_own_and_outcomes_keep_their_order() -> None:
    feeds = Feeds()
    steps = [addition("a"), addition("b", TEAM), addition("c"), addition("d", TEAM)]

    assert feeds.run(*steps) == ["a", "b", "c", "d"]
    assert feeds.calls == [["a", "c"], ["b", "d"]]


def test_a_call_has_a_hundred_activities_at_most() -> None:
    feeds = Feeds()

    assert feeds.run(*map(addition, names(250))) == names(250)
    assert [len(call) for call in feeds.calls] == [100, 100, 50]


def test_a_call_has_a_hundred_targets_at_most() -> None:
    feeds = Feeds()
    targets = [f"user:{number}" for number in range(40)]

    assert feeds.run(*(addition(name, to=targets) for name in "abcde")) == list("abcde")
    assert feeds.calls == [["a", "b"], ["c", "d"], ["e"]]


def test_an_activity_with_the_most_targets_is_sent() -> None:
    feeds = Feeds()
    targets = [f"user:{number}" for number in range(100)]

    assert feeds.run(addition("a", to=targets), addition("b")) == ["a", "b"]


@pytest.mark.parametrize("error", [PublishRejected("no"), DestinationNotFound("no")])
@pytest.mark.parametrize("bad", ["0", "37", "99"])
def test_the_bad_activity_of_a_hundred_is_found(error: PublishError, bad: str) -> None:
    feeds = Feeds({bad: error})
    outcomes = feeds.run(*map(addition, names(100)))

    expected = names(100)
    expected[int(bad)] = type(error).__name__
    assert outcomes == expected
    assert len(feeds.calls) <= 15


def test_an_activity_on_which_the_server_fails_affects_no_other() -> None:
    feeds = Feeds({"37": PublisherUnavailable("500")})
    expected = names(100)
    expected[37] = "PublisherUnavailable"

    assert feeds.run(*map(addition, names(100))) == expected


def test_during_an_outage_each_call_after_the_first_has_one_activity() -> None:
    feeds = Feeds(dict.fromkeys(names(100), PublisherUnavailable("down")))
    outcomes = BatchedCalls(feeds.add, list(map(addition, names(100)))).outcomes()

    first = [next(outcomes) for _ in range(3)]
    assert [type(outcome) for outcome in first] == [PublisherUnavailable] * 3
    assert [len(call) for call in feeds.calls] == [100, 1, 1, 1]


@pytest.mark.parametrize(
    "error", [RateLimited("slow", retry_after=7), PublisherMisconfigured("key"), SystemExit(1)]
)
def test_what_concerns_all_is_the_outcome_of_all(error: BaseException) -> None:
    feeds = Feeds({"1": error})

    assert feeds.run(*map(addition, names(3))) == [type(error).__name__] * 3
    assert len(feeds.calls) == 1


def test_one_that_failed_before_is_sent_alone() -> None:
    feeds = Feeds()
    steps = [addition("a"), addition("b", is_alone=True), addition("c")]

    assert feeds.run(*steps) == ["a", "b", "c"]
    assert feeds.calls == [["a", "c"], ["b"]]


def test_other_steps_are_done_when_it_is_their_turn() -> None:
    feeds = Feeds()
    done: list[str] = []

    def remove() -> Receipt:
        done.append("removed")
        return Receipt(id="removed")

    def fail() -> Receipt:
        raise PublisherUnavailable("down")

    steps: list[Step] = [addition("a"), remove, PublishRejected("bad"), fail, addition("b")]
    assert feeds.run(*steps) == ["a", "removed", "PublishRejected", "PublisherUnavailable", "b"]
    assert done == ["removed"]


def test_nothing_is_sent_before_it_is_needed() -> None:
    feeds = Feeds()
    outcomes = BatchedCalls(feeds.add, [addition("a"), addition("b", TEAM)]).outcomes()
    next(outcomes)

    assert feeds.calls == [["a"]]
