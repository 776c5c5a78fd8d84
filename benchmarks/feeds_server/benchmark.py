"""Measure requests to two feeds servers, of which one has stored a thousand times as much."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.feeds_server.client import FeedsConnection
from benchmarks.feeds_server.contents import POPULAR, add_followers, fill
from benchmarks.feeds_server.rounds import Request, add, follow, page_requests, require_copies
from benchmarks.options import Options, Progress
from benchmarks.report import Report, Table
from benchmarks.samples import Ratio, paired_ratio, rotated
from benchmarks.stream.server import open_feeds_database, open_feeds_server

FEW = 1_000
MANY, QUICK_MANY = 1_000_000, 100_000
ROUNDS, QUICK_ROUNDS = 60, 10
REQUESTS = 5
"""Requests of each kind in a round; the round counts with their median."""

FOLLOWERS, QUICK_FOLLOWERS = 100_000, 10_000
ADDITIONS, QUICK_ADDITIONS = 5, 2
WARM_UP = 10

FOLLOW = "follow of the feed with almost half of all"

NOTES = (
    "Each server is gunicorn with one process, with a PostgreSQL database of its own.",
    "One client sends one request at a time, over HTTP on the same machine.",
    "×: the median over all rounds of the ratio of two medians in one round; its 95 % interval.",
    "Verified: pages are full and in order, a follower gets the newest 100, and each follower all.",
)

Samples = Mapping[str, Sequence[Sequence[float]]]
"""Title of a request → the seconds of each round."""


def run(options: Options, progress: Progress) -> Report:
    """Send the same requests to a server with few activities and to one with many.

    Raises:
        BenchmarkError: a response is wrong, or an addition did not reach each follower.
    """
    many = options.jobs or (QUICK_MANY if options.quick else MANY)
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    followers = QUICK_FOLLOWERS if options.quick else FOLLOWERS
    url = os.environ["DATABASE_URL"]
    with (
        tempfile.TemporaryDirectory(prefix="dj-actions-bench-feeds-") as folder,
        open_feeds_database(url) as small_url,
        _open_filled(small_url, FEW, Path(folder) / "few", progress) as few_connection,
        _open_filled(url, many, Path(folder) / "many", progress) as many_connection,
    ):
        connections = (few_connection, many_connection)
        requests = [{**page_requests(one), FOLLOW: follow} for one in (small_url, url)]
        few_samples, many_samples = _measure(connections, requests, rounds, progress)
        progress(f"Adding to a feed with {followers:,} followers")
        additions = _measure_additions(many_connection, url, followers, quick=options.quick)
    return report(few_samples, many_samples, additions, many=many, followers=followers)


@contextmanager
def _open_filled(
    url: str, activities: int, folder: Path, progress: Progress
) -> Iterator[FeedsConnection]:
    folder.mkdir()
    with ExitStack() as stack:
        environment = stack.enter_context(open_feeds_server(url, folder))
        progress(f"Storing {activities:,} activities")
        fill(url, activities)
        yield stack.enter_context(FeedsConnection(environment))


def _measure(
    connections: Sequence[FeedsConnection],
    requests: Sequence[Mapping[str, Request]],
    rounds: int,
    progress: Progress,
) -> tuple[Samples, Samples]:
    """Return the seconds of all requests, of each server."""
    samples: list[dict[str, list[list[float]]]] = [{}, {}]
    for turn in range(-1, rounds):
        if turn % 20 == 0:
            progress(f"Round {turn + 1} of {rounds}")
        for title in rotated(list(requests[0]), turn):
            for side in rotated((0, 1), turn):
                send = requests[side][title]
                count = WARM_UP if turn < 0 else REQUESTS
                seconds = [send(connections[side]) for _ in range(count)]
                if turn >= 0:
                    samples[side].setdefault(title, []).append(seconds)
    few, many = samples
    return few, many


def _measure_additions(
    connection: FeedsConnection, url: str, followers: int, *, quick: bool
) -> Sequence[float]:
    """Return the seconds of additions to a feed with many followers."""
    count = QUICK_ADDITIONS if quick else ADDITIONS
    add_followers(url, followers)
    seconds = [add(connection, POPULAR) for _ in range(count)]
    require_copies(url, followers=followers, additions=count)
    return seconds


def report(
    few: Samples, many_samples: Samples, additions: Sequence[float], *, many: int, followers: int
) -> Report:
    """Return the report of all rounds.

    Args:
        few: the samples of the server with few activities.
        many_samples: those of the other one.
        additions: the seconds of additions to the feed with followers.
        many: how many activities the other server has.
        followers: how many followers the feed has.
    """
    ratios = {title: paired_ratio(many_samples[title], few[title]) for title in few}
    rows = [
        (
            title,
            _milliseconds(few[title]),
            _milliseconds(many_samples[title]),
            _text_of(ratios[title]),
        )
        for title in few
    ]
    addition = statistics.median(additions)
    return Report(
        benchmark="feeds_server",
        tables=[
            Table(
                title="Milliseconds of a request, by activities in the database",
                columns=("request", f"{FEW:,}", f"{many:,}", "×"),
                rows=rows,
            ),
            Table(
                title="Adding one activity",
                columns=("feed", "seconds", "microseconds for each follower"),
                rows=[
                    (
                        f"with {followers:,} followers",
                        f"{addition:.2f}",
                        f"{addition / followers * 1e6:.0f}",
                    )
                ],
            ),
        ],
        notes=NOTES,
        figures={
            "unit": "seconds",
            "activities": [FEW, many],
            "medians": {
                title: [_median(few[title]), _median(many_samples[title])] for title in few
            },
            "ratios": {
                title: {"value": ratio.value, "low": ratio.low, "high": ratio.high}
                for title, ratio in ratios.items()
            },
            "followers": followers,
            "additions": list(additions),
        },
    )


def _median(rounds: Sequence[Sequence[float]]) -> float:
    return statistics.median(seconds for own in rounds for seconds in own)


def _milliseconds(rounds: Sequence[Sequence[float]]) -> str:
    return f"{_median(rounds) * 1000:.1f}"


def _text_of(ratio: Ratio) -> str:
    return f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"
