"""Concurrent requests: one activity is stored, and no request fails."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from dj_actions_stream.server.models import Activity, FeedEntry, Follow
from django.db import connections

from tests.integration.stream.server.calls import FEED, Caller

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

THREADS = 6
ROUNDS = 10
TIME = "2026-01-02T03:04:05.000006"


def activity(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "actor": "user:1",
        "verb": "add",
        "object": "todo:1",
        "foreign_id": f"event:{number}",
        "time": TIME,
        **changes,
    }


def at_once(work: Callable[[Caller, int], None]) -> list[int]:
    """Run the work in all threads, in synchronized rounds, and return the response statuses."""
    barrier = Barrier(THREADS, timeout=30)

    def run(thread: int) -> list[int]:
        call, statuses = Caller(), []
        try:
            for _ in range(ROUNDS):
                barrier.wait()
                work(call, thread)
                statuses.append(call.status)
        finally:
            connections.close_all()
        return statuses

    with ThreadPoolExecutor(THREADS) as pool:
        return [status for statuses in pool.map(run, range(THREADS)) for status in statuses]


def test_one_pair_at_once_is_one_activity() -> None:
    def work(call: Caller, thread: int) -> None:
        feed = "feed/user/eric/" if thread % 2 else "feed/user/anna/"
        call("POST", feed, activity(1, note=thread, to=["team:blue", f"team:{thread}"]))

    assert set(at_once(work)) == {201}
    assert Activity.objects.count() == 1
    assert FeedEntry.objects.filter(feed="user:eric").count() == 1


def test_of_feeds_that_add_one_pair_at_once_one_owns_it() -> None:
    def work(call: Caller, thread: int) -> None:
        claims = {"resource": "feed", "action": "write", "feed_id": f"user{thread}"}
        call("POST", f"feed/user/{thread}/", activity(1, note=thread), claims=claims)

    statuses = at_once(work)
    assert sorted(statuses) == [201] * ROUNDS + [403] * ROUNDS * (THREADS - 1)
    (stored,) = Activity.objects.all()
    assert stored.owner == f"user:{stored.custom['note']}"
    (entry,) = FeedEntry.objects.all()
    assert entry.feed == stored.owner


def test_a_follower_misses_nothing_that_is_added_meanwhile() -> None:
    rounds = count()

    def work(call: Caller, thread: int) -> None:
        number = next(rounds)
        if thread == 0:
            call("POST", f"feed/timeline/{number}/follows/", {"target": "user:eric"})
        else:
            call("POST", FEED, activity(number))

    assert set(at_once(work)) == {201}
    added = Activity.objects.count()
    for follower in Follow.objects.values_list("follower", flat=True):
        assert FeedEntry.objects.filter(feed=follower).count() == added


def test_following_at_once_is_one_follow() -> None:
    def work(call: Caller, _: int) -> None:
        call("POST", "follow_many/", [{"source": "timeline:1", "target": "user:eric"}])

    assert set(at_once(work)) == {201}
    assert Follow.objects.count() == 1


def test_the_same_batch_in_other_orders_does_not_deadlock() -> None:
    batch = [activity(number, to=["team:blue"]) for number in range(30)]

    def work(call: Caller, thread: int) -> None:
        ordered = batch if thread % 2 else batch[::-1]
        call("POST", FEED, {"activities": ordered})

    assert set(at_once(work)) == {201}
    assert Activity.objects.count() == 30


def test_adding_and_removing_at_once() -> None:
    batch = [activity(1, to=["team:blue"]), activity(1, time="2026-01-01", to=["team:blue"])]

    def work(call: Caller, thread: int) -> None:
        if thread % 3:
            call("POST", FEED, {"activities": batch})
        else:
            call("DELETE", f"{FEED}event:1/", query={"foreign_id": "1"})

    assert set(at_once(work)) == {200, 201}
    shown = set(FeedEntry.objects.values_list("activity", flat=True))
    assert shown == set(Activity.objects.values_list("pk", flat=True))


def test_after_the_race_the_last_request_wins() -> None:
    def work(call: Caller, thread: int) -> None:
        call("POST", FEED, activity(1, note=thread))

    at_once(work)
    call = Caller()
    call("POST", FEED, activity(1, note="last"))
    (only,) = call("GET", FEED)["results"]
    assert only["note"] == "last"
