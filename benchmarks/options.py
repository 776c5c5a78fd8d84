"""The command-line options."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A benchmark that can be selected."""

    run: str
    """Dotted path of the function that measures and returns a `Report`."""

    settings: str = "benchmarks.settings"
    """The Django settings of the benchmark and its child processes."""


BENCHMARKS = {
    "airflow": Benchmark(
        run="benchmarks.airflow.benchmark.run", settings="benchmarks.airflow.settings"
    ),
    "request": Benchmark(run="benchmarks.request.benchmark.run"),
    "drain": Benchmark(run="benchmarks.drain.benchmark.run", settings="benchmarks.drain.settings"),
    "latency": Benchmark(
        run="benchmarks.latency.benchmark.run", settings="benchmarks.latency.settings"
    ),
    "destination": Benchmark(
        run="benchmarks.destination.benchmark.run", settings="benchmarks.destination.settings"
    ),
    "stream": Benchmark(
        run="benchmarks.stream.benchmark.run", settings="benchmarks.stream.settings"
    ),
    "console": Benchmark(
        run="benchmarks.console.benchmark.run", settings="benchmarks.console.settings"
    ),
    "feeds_server": Benchmark(
        run="benchmarks.feeds_server.benchmark.run", settings="benchmarks.feeds_server.settings"
    ),
}
"""Name → benchmark. Each benchmark is a package like `request`; add new ones here."""

AUTHENTICATION = {
    "token": "rest_framework.authentication.TokenAuthentication",
    "remembered": "benchmarks.request.authentication.RememberedToken",
}
"""How requests authenticate: with a token that costs a query, or with a cached one."""

TRANSPORTS = {
    "http": "over HTTP",
    "handler": "through Django's handler, in-process",
}
"""How requests reach Django: name → description in the title."""

Progress = Callable[[str], None]
"""Called with a line about the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The parsed command line."""

    benchmark: str
    """A key of `BENCHMARKS`."""

    quick: bool
    """Whether to finish sooner, with fewer figures and wider intervals."""

    authentication: str
    """A key of `AUTHENTICATION`."""

    through: str
    """A key of `TRANSPORTS`; a profile is always taken in this process."""

    profile: str | None
    """Name of the candidate to profile; None to measure."""

    bulk: int | None
    """Objects of one request; None for one object, which the URL names."""

    output: Path
    """Folder for the JSON files and profiles."""

    rounds: int | None = None
    """Number of rounds; None for the default."""

    jobs: int | None = None
    """Jobs per round of the fast candidates; None for the default."""

    batch_size: int | None = None
    """BATCH_SIZE of the measured publisher; None for the default of DJ Actions."""

    pending: int = 0
    settled: int = 0
    held_snapshot: bool = False
    relays: int = 1
    lanes: int = 1
    """Conditions under which DJ Actions drains: see `benchmarks.drain.workload.Variant`."""

    keys: int = 0
    parked: int = 0
    waiting: int = 0
    """More of these conditions."""

    seconds: int | None = None
    """Seconds of the latency benchmark, or of a turn of the destination or the Airflow benchmark;
    None for the default."""

    sleeping_neighbor: bool = False
    """Another of these conditions."""

    rate: float = 100
    """Actions per second of the latency benchmark."""

    ordered: bool = False
    """Whether its publisher keeps the order of each object."""

    delays: Sequence[float] = ()
    """Milliseconds that the destination takes to respond, in the destination benchmark; empty for
    the default."""

    concurrency: Sequence[int] = ()
    """CONCURRENCY of its publisher, and threads of the pool that it is compared to; in the Airflow
    benchmark, in addition to the default."""

    events: int | None = None
    """Events in the database of the console benchmark; None for the default."""


def parse_options(arguments: list[str] | None = None) -> Options:
    """Parse the command line; exit with a message if it is not valid."""
    given = _parser().parse_args(arguments)
    return Options(
        benchmark=given.benchmark,
        quick=given.quick,
        authentication=given.authentication,
        through=given.through,
        profile=given.profile,
        bulk=given.bulk,
        output=given.output,
        rounds=given.rounds,
        jobs=given.jobs,
        batch_size=given.batch_size,
        pending=given.pending,
        settled=given.settled,
        held_snapshot=given.held_snapshot,
        relays=given.relays,
        lanes=given.lanes,
        sleeping_neighbor=given.sleeping_neighbor,
        keys=given.keys,
        parked=given.parked,
        waiting=given.waiting,
        seconds=given.seconds,
        rate=given.rate,
        ordered=given.ordered,
        delays=given.delays,
        concurrency=given.concurrency,
        events=given.events,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=(
            "Measure DJ Actions side by side with its alternatives, on the PostgreSQL of "
            "DATABASE_URL or on one that this command starts."
        ),
    )
    parser.add_argument("benchmark", choices=BENCHMARKS, help="the benchmark to run")
    parser.add_argument(
        "--quick", action="store_true", help="finish sooner, with fewer figures, less precisely"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("benchmarks/results"), metavar="FOLDER",
        help="where to write the JSON file (default: benchmarks/results)",
    )  # fmt: skip
    _add_request(parser.add_argument_group("request"))
    _add_drain(
        parser.add_argument_group(
            "drain", "The peer is django-reliable-outbox, if it is available."
        )
    )
    _add_latency(parser.add_argument_group("latency"))
    _add_destination(parser.add_argument_group("destination"))
    parser.add_argument_group("console").add_argument(
        "--events", type=_at_least_one, metavar="N",
        help="events in the database, with two deliveries each (default: 1000000, quick: 100000)",
    )  # fmt: skip
    return parser


def _add_request(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--authentication", choices=AUTHENTICATION, default="token",
        help="whether looking up the user costs a query per request (token, the default) or not",
    )  # fmt: skip
    group.add_argument(
        "--through", choices=TRANSPORTS, default="http",
        help="http (the default): the client's waiting time, through a server; "
        "handler: the time of Django's handler, called in-process",
    )  # fmt: skip
    group.add_argument(
        "--profile", nargs="?", const="dj_actions", metavar="CANDIDATE",
        help="profile one candidate (default: dj_actions), in-process, instead of measuring all",
    )  # fmt: skip
    group.add_argument(
        "--bulk", type=_at_least_one, metavar="N",
        help="one request for N objects, by a bulk action (at most 1000)",
    )  # fmt: skip


def _add_drain(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--rounds", type=int,
        help="number of rounds (default: 5, quick: 3); destination and airflow, too",
    )  # fmt: skip
    group.add_argument(
        "--jobs", type=int, metavar="N",
        help="jobs per round of the limit and DJ Actions, and the maximum of the slow candidates",
    )  # fmt: skip
    group.add_argument(
        "--batch-size", type=_at_least_one, metavar="N",
        help="BATCH_SIZE of the publisher (default: that of DJ Actions; the limit's is 100)",
    )  # fmt: skip
    group.add_argument(
        "--pending", type=int, default=0, metavar="N",
        help="compare DJ Actions with itself: N are pending, of which --jobs are drained",
    )  # fmt: skip
    group.add_argument(
        "--settled", type=int, default=0, metavar="N",
        help="compare DJ Actions with itself: the table has N more, delivered deliveries",
    )  # fmt: skip
    group.add_argument(
        "--held-snapshot", action="store_true",
        help="compare DJ Actions with itself: another session holds a snapshot",
    )  # fmt: skip
    group.add_argument(
        "--relays", type=_at_least_one, default=1, metavar="N",
        help="compare DJ Actions with itself and its peer: N processes share the work",
    )  # fmt: skip
    group.add_argument(
        "--lanes", type=_at_least_one, default=1, metavar="N",
        help="compare DJ Actions with itself and its peer: its publisher's CONCURRENCY is N",
    )  # fmt: skip
    group.add_argument(
        "--sleeping-neighbor", action="store_true",
        help="compare DJ Actions with itself: another publisher sleeps for a second per call",
    )  # fmt: skip
    group.add_argument(
        "--keys", type=int, default=0, metavar="N",
        help="compare DJ Actions with itself and its peer: it keeps the order of each of N keys",
    )  # fmt: skip
    group.add_argument(
        "--parked", type=int, default=0, metavar="N",
        help="with --keys: N dead letters, each of which blocks a delivery that is due",
    )  # fmt: skip
    group.add_argument(
        "--waiting", type=int, default=0, metavar="N",
        help="with --keys: N deliveries wait for a later retry, and block one that is due each",
    )  # fmt: skip


def _add_latency(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--seconds", type=_at_least_one, metavar="N",
        help="how long to measure (default: 30, quick: 10); destination: in each turn (default: 3, "
        "quick: 1); airflow: in each turn (default: 10, quick: 5)",
    )  # fmt: skip
    group.add_argument(
        "--rate", type=_above_zero, default=100, metavar="N",
        help="actions per second (default: 100); use 0.5 to measure idle relays",
    )  # fmt: skip
    group.add_argument(
        "--ordered", action="store_true", help="the publisher keeps the order of each object"
    )


def _add_destination(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--delays", type=_milliseconds, nargs="+", default=(), metavar="MS",
        help="milliseconds in which the destination responds (default: 0 5 50)",
    )  # fmt: skip
    group.add_argument(
        "--concurrency", type=_at_least_one, nargs="+", default=(), metavar="N",
        help="CONCURRENCY of the publisher, and threads of the pool (default: 1 4 16, quick: 4); "
        "airflow: in addition to its default (default: none)",
    )  # fmt: skip


def _milliseconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not zero or a number above it")
    return number


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
