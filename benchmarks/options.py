"""What can be asked for on the command line."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that can be asked."""

    ask: str
    """Dotted path of the function that measures and answers with a `Report`."""

    settings: str = "benchmarks.settings"
    """Django's settings, for it and for the processes that it starts."""


QUESTIONS = {
    "request": Question(ask="benchmarks.request.question.ask"),
    "drain": Question(ask="benchmarks.drain.question.ask", settings="benchmarks.drain.settings"),
    "latency": Question(
        ask="benchmarks.latency.question.ask", settings="benchmarks.latency.settings"
    ),
}
"""Name → what it is. A question is a package of its own beside `request`; add it here."""

AUTHENTICATION = {
    "token": "rest_framework.authentication.TokenAuthentication",
    "remembered": "benchmarks.request.authentication.RememberedToken",
}
"""How requests say who they are: by a token that costs a query, or by one that does not."""

WAYS = {
    "http": "over HTTP",
    "handler": "through Django's handler, in-process",
}
"""How requests reach Django: name → what a title says."""

Tell = Callable[[str], None]
"""Told what is going on, in a line for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to measure."""

    question: str
    """A key of `QUESTIONS`."""

    quick: bool
    """Whether to be done in under a minute, with wider intervals."""

    authentication: str
    """A key of `AUTHENTICATION`."""

    through: str
    """A key of `WAYS`; a profile is always taken in this process."""

    profile: str | None
    """Name of the contender to profile; None to measure."""

    output: Path
    """Folder that takes the JSON files and profiles."""

    rounds: int | None = None
    """How often all contenders drain; None for the usual number."""

    jobs: int | None = None
    """How many jobs the fast contenders drain in a round; None for the usual number."""

    batch_size: int = 500
    """BATCH_SIZE of the publisher that is drained."""

    pending: int = 0
    settled: int = 0
    held_snapshot: bool = False
    relays: int = 1
    lanes: int = 1
    """Circumstances of DJ Actions' own drain: see `benchmarks.drain.effort.Variant`."""

    seconds: int | None = None
    """How long latency is measured; None for the usual time."""

    sleeping_neighbour: bool = False
    """Another of those circumstances."""

    rate: float = 100
    """Actions per second whose latency is measured."""


def options_from(arguments: list[str] | None = None) -> Options:
    """Read the command line; end the program with a message if it makes no sense."""
    given = _parser().parse_args(arguments)
    return Options(
        question=given.question,
        quick=given.quick,
        authentication=given.authentication,
        through=given.through,
        profile=given.profile,
        output=given.output,
        rounds=given.rounds,
        jobs=given.jobs,
        batch_size=given.batch_size,
        pending=given.pending,
        settled=given.settled,
        held_snapshot=given.held_snapshot,
        relays=given.relays,
        lanes=given.lanes,
        sleeping_neighbour=given.sleeping_neighbour,
        seconds=given.seconds,
        rate=given.rate,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=(
            "Measure DJ Actions side by side with its alternatives, on the PostgreSQL of "
            "DATABASE_URL or on one of our own."
        ),
    )
    parser.add_argument("question", choices=QUESTIONS, help="what to ask")
    parser.add_argument("--quick", action="store_true", help="in under a minute, less precise")
    parser.add_argument(
        "--output", type=Path, default=Path("benchmarks/results"), metavar="FOLDER",
        help="where to write the JSON file (default: benchmarks/results)",
    )  # fmt: skip
    _add_request(parser.add_argument_group("request"))
    _add_drain(parser.add_argument_group("drain"))
    _add_latency(parser.add_argument_group("latency"))
    return parser


def _add_request(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--authentication", choices=AUTHENTICATION, default="token",
        help="whether finding the user costs each request a query (token, the default) or not",
    )  # fmt: skip
    group.add_argument(
        "--through", choices=WAYS, default="http",
        help="http (the default): what a client waits for, with a server between; "
        "handler: what Django takes, called in-process",
    )  # fmt: skip
    group.add_argument(
        "--profile", nargs="?", const="dj_actions", metavar="CONTENDER",
        help="profile one contender (default: dj_actions), in-process, in place of measuring all",
    )  # fmt: skip


def _add_drain(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--rounds", type=int, help="how often all drain (default: 5, quick: 2)")
    group.add_argument(
        "--jobs", type=int, metavar="N",
        help="how many jobs the limit and DJ Actions drain in a round; the slow ones at most that",
    )  # fmt: skip
    group.add_argument(
        "--batch-size", type=_at_least_one, default=500, metavar="N",
        help="BATCH_SIZE of the publisher (default: 500; the limit's is 100)",
    )  # fmt: skip
    group.add_argument(
        "--pending", type=int, default=0, metavar="N",
        help="compare DJ Actions with itself: N are due, of which --jobs are drained",
    )  # fmt: skip
    group.add_argument(
        "--settled", type=int, default=0, metavar="N",
        help="compare DJ Actions with itself: N more are in the table, delivered",
    )  # fmt: skip
    group.add_argument(
        "--held-snapshot", action="store_true",
        help="compare DJ Actions with itself: another session holds a snapshot",
    )  # fmt: skip
    group.add_argument(
        "--relays", type=_at_least_one, default=1, metavar="N",
        help="compare DJ Actions with itself: N processes share the work",
    )  # fmt: skip
    group.add_argument(
        "--lanes", type=_at_least_one, default=1, metavar="N",
        help="compare DJ Actions with itself: its publisher's CONCURRENCY is N",
    )  # fmt: skip
    group.add_argument(
        "--sleeping-neighbour", action="store_true",
        help="compare DJ Actions with itself: another publisher sleeps for a second in each call",
    )  # fmt: skip


def _add_latency(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--seconds", type=_at_least_one, metavar="N",
        help="how long to measure (default: 30, quick: 3)",
    )  # fmt: skip
    group.add_argument(
        "--rate", type=_above_zero, default=100, metavar="N",
        help="actions per second (default: 100); 0.5 tells of relays that have come to rest",
    )  # fmt: skip


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _above_zero(text: str) -> float:
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number above zero")
    return number
