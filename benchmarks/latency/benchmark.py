"""Measure the latency from commit to publisher."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice

from django.contrib.auth.models import User

from benchmarks.child import ChildProcess
from benchmarks.errors import BenchmarkError
from benchmarks.latency.actions import Touch, commits
from benchmarks.latency.latencies import (
    Latency,
    figures_of,
    match_latencies,
    summarize_latencies,
)
from benchmarks.options import Options, Progress
from benchmarks.report import Report, Table
from dj_actions.conf import get_settings
from dj_actions.models import Delivery
from dj_actions.states import DeliveryState
from example.launch.process import LaunchError, wait_until
from example.todos.models import Todo

SECONDS = 30
QUICK_SECONDS = 10
WARM_UP_SECONDS = 1
TODOS = 100
RELAY_SECONDS = 60.0
"""Seconds the relay may take to start, or to deliver the remaining deliveries."""

COLUMNS = {
    "percentile_50": "median ms",
    "percentile_95": "95 % below",
    "percentile_99": "99 % below",
    "longest": "longest",
}
"""Field of `Latency` → title in the column header."""

QUICK_NOTE = "Left out with --quick: the slowest hundredth, as there are too few actions."
NOTES = (
    "ms: from this process's on_commit callback until the relay's process calls publish_many.",
    "Both processes use the same clock. Each event was published exactly once.",
)


def run(options: Options, progress: Progress) -> Report:
    """Run actions at a constant rate, with a relay in another process.

    Raises:
        BenchmarkError: an event was not published exactly once, or the relay failed.
    """
    seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    owner = User.objects.create_user("latency")
    todos = Todo.objects.bulk_create(
        Todo(title=f"Todo {number}", owner=owner) for number in range(TODOS)
    )
    environment = {"DATABASE_URL": os.environ["DATABASE_URL"]}
    with ChildProcess("benchmarks.latency.relay", environment=environment) as relay:
        progress("Starting a relay")
        _run_actions(todos[:1], rate=options.rate)
        _wait_until_delivered()
        _run_actions(_cycle(todos, _count(WARM_UP_SECONDS, options)), rate=options.rate)
        progress(f"Measuring: {options.rate:g} actions per second for {seconds} s")
        started = time.monotonic()
        committed = _run_actions(_cycle(todos, _count(seconds, options)), rate=options.rate)
        achieved = len(committed) / (time.monotonic() - started)
        _wait_until_delivered()
        relay.terminate()
        calls = [(event, moment) for event, moment in relay.read()["calls"]]
    return _report(summarize_latencies(match_latencies(committed, calls)), achieved, options)


def _count(seconds: int, options: Options) -> int:
    return max(1, round(seconds * options.rate))


def _cycle(todos: Sequence[Todo], count: int) -> Iterator[Todo]:
    return islice(cycle(todos), count)


def _run_actions(todos: Iterator[Todo] | Sequence[Todo], *, rate: float) -> Mapping[str, int]:
    """Run the action on each todo at a constant rate; return event id → commit time."""
    committed = {}
    due = time.monotonic()
    for todo in todos:
        # After a slow action, the following ones run immediately, so none is left out.
        time.sleep(max(0.0, due - time.monotonic()))
        result = Touch.run(object=todo)
        committed[str(result.event.pk)] = commits[-1]
        due += 1 / rate
    return committed


def _wait_until_delivered() -> None:
    """Wait until every delivery is delivered.

    Raises:
        BenchmarkError: the relay did not finish in time.
    """
    try:
        wait_until(_all_delivered, timeout=RELAY_SECONDS, what="The relay's last delivery")
    except LaunchError as error:
        raise BenchmarkError(str(error)) from error


def _all_delivered() -> bool:
    return not Delivery.objects.exclude(state=DeliveryState.DELIVERED).exists()


def _report(latency: Latency, achieved: float, options: Options) -> Report:
    figures = figures_of(latency, quick=options.quick)
    columns = {name: title for name, title in COLUMNS.items() if name in figures}
    row = (
        f"DJ Actions: one relay{', in order' if options.ordered else ''}",
        f"{latency.count:,}",
        f"{achieved:.3g}",
        *(f"{figures[name]:.2f}" for name in columns),
    )
    headers = ("commit → publisher", "actions", "per second", *columns.values())
    settings = get_settings()
    title = (
        f"{options.rate:g} actions per second, sequentially; POLL_INTERVAL "
        f"{settings.poll_interval:g} s, BATCH_SIZE {settings.publishers['clock'].batch_size}"
    )
    return Report(
        benchmark="latency",
        tables=[Table(title=title, columns=headers, rows=[row])],
        notes=[*NOTES, QUICK_NOTE] if options.quick else NOTES,
        figures={
            "unit": "milliseconds",
            "asked_rate": options.rate,
            "ordered": options.ordered,
            "achieved_rate": achieved,
            "poll_interval": settings.poll_interval,
            "latency": figures,
        },
    )
