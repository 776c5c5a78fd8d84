"""The requests that are timed, and what their responses must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count

from benchmarks.errors import BenchmarkError
from benchmarks.feeds_server.client import FeedsConnection, Timed
from benchmarks.feeds_server.contents import (
    BUSY,
    GROUPED,
    GROUPED_ACTIVITIES,
    OLD,
    POPULAR,
    copies_of,
    middle_of,
)

PAGE = 25
COPIES = 100
"""Activities that a follow copies, without a limit of its own."""

Request = Callable[[FeedsConnection], float]
"""Sends a request, checks its response, and returns its seconds."""

_numbers = count()


def page_requests(url: str) -> Mapping[str, Request]:
    """Return the requests that read pages, by title.

    Args:
        url: the server's database.
    """
    return {
        "first page": _page(BUSY),
        "page in the middle": _page(BUSY, id_lt=middle_of(url, BUSY)),
        "first page, all older than the rest": _page(OLD),
        "page in its middle": _page(OLD, id_lt=middle_of(url, OLD)),
        "page of groups of the newest hundred": _read_groups,
    }


def follow(connection: FeedsConnection) -> float:
    """Follow the busy feed with a new one.

    Raises:
        BenchmarkError: the follower did not get the newest activities.
    """
    follower = f"feed/timeline/new{next(_numbers)}/"
    timed = connection.post(f"{follower}follows/", {"target": BUSY})
    found = len(connection.get(follower, limit=str(COPIES)).document["results"])
    if found != COPIES:
        raise BenchmarkError(f"A follower got {found} activities in place of {COPIES}.")
    return timed.seconds


def add(connection: FeedsConnection, feed: str) -> float:
    """Add an activity to a feed, and return the seconds of the request."""
    number = next(_numbers)
    activity = {
        "actor": "SU:ann",
        "verb": "finish",
        "object": f"todo:{number}",
        "foreign_id": f"new:{number}",
        "time": datetime.now(tz=UTC).isoformat(),
    }
    return connection.post(_path(feed), activity).seconds


def require_copies(url: str, *, followers: int, additions: int) -> None:
    """Check that each follower of the popular feed has each of its activities.

    Raises:
        BenchmarkError: one has not.
    """
    copies = copies_of(url, POPULAR)
    if len(copies) != followers or set(copies.values()) != {additions}:
        raise BenchmarkError(
            f"{len(copies)} of {followers} followers have {set(copies.values())} of {additions}."
        )


def _page(feed: str, **query: str) -> Request:
    def read(connection: FeedsConnection) -> float:
        timed = connection.get(_path(feed), limit=str(PAGE), **query)
        _require_page(timed, feed)
        return timed.seconds

    return read


def _read_groups(connection: FeedsConnection) -> float:
    timed = connection.get(_path(GROUPED))
    found = sum(group["activity_count"] for group in timed.document["results"])
    if found != GROUPED_ACTIVITIES:
        raise BenchmarkError(f"The groups have {found} activities.")
    return timed.seconds


def _require_page(timed: Timed, feed: str) -> None:
    times = [activity["time"] for activity in timed.document["results"]]
    if len(times) != PAGE or times != sorted(times, reverse=True) or not timed.document["next"]:
        raise BenchmarkError(f"A page of {feed} has {len(times)} activities, or not in order.")


def _path(feed: str) -> str:
    return f"feed/{feed.replace(':', '/')}/"
