"""Profile one candidate's requests with cProfile.

The profiler slows down every call, small functions most. Use it to see what is called and how
often, and the benchmark itself to measure a change.
"""

from __future__ import annotations

import cProfile
import pstats
import sysconfig
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Table
from benchmarks.request.in_process import InProcessTransport
from benchmarks.request.rounds import Runner

WARM_UP_SHARE = 10
"""One in so many requests is sent before, uncounted."""

MAX_ROWS = 45
OURS = "dj_actions"

SITE_PACKAGES = Path(sysconfig.get_paths()["purelib"])
STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
PROJECT = Path(__file__).resolve().parents[2]
SPLIT = frozenset({"django", "psycopg"})
"""Packages that are listed by subpackage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of a function per request, in microseconds."""

    function: str
    package: str
    calls: float
    own: float
    cumulative: float


def profile(runner: Runner, requests: int, target: Path) -> list[Table]:
    """Profile a number of requests of one candidate, and write the raw profile to `target`."""
    # In this process: the profiler does not cover child processes.
    handler = InProcessTransport()
    runner.mark_done(runner.create_todos(requests // WARM_UP_SHARE), handler)
    todos = runner.create_todos(requests)
    profiler = cProfile.Profile()
    with profiler:
        runner.mark_done(todos, handler)
    profiler.dump_stats(target)
    costs = _costs(pstats.Stats(profiler), requests)
    name = runner.candidate.name
    return [
        _by_package(f"{name}: own time by package", costs),
        _functions(f"{name}: our functions", [cost for cost in costs if cost.package == OURS]),
        _functions(f"{name}: all functions", costs),
    ]


def _costs(stats: pstats.Stats, requests: int) -> list[Cost]:
    """Return the cost of each function, the most expensive first."""
    # typeshed lacks this attribute, which pstats itself uses.
    entries: Mapping[tuple[str, int, str], tuple[int, int, float, float, object]]
    entries = stats.stats  # type: ignore[attr-defined]
    scale = 1_000_000 / requests
    costs = [
        Cost(
            function=f"{_relative_path(Path(file))}:{line} {name}" if line else name,
            package=_package(file),
            calls=calls / requests,
            own=own * scale,
            cumulative=cumulative * scale,
        )
        for (file, line, name), (_, calls, own, cumulative, _) in entries.items()
    ]
    return sorted(costs, key=lambda cost: cost.cumulative, reverse=True)


def _relative_path(file: Path) -> Path:
    for root in (SITE_PACKAGES, PROJECT, STANDARD_LIBRARY):
        if file.is_relative_to(root):
            return file.relative_to(root)
    return file


def _package(file: str) -> str:
    if file == "~":
        return "built in"
    parts = _relative_path(Path(file)).with_suffix("").parts
    if Path(file).is_relative_to(STANDARD_LIBRARY) and not Path(file).is_relative_to(SITE_PACKAGES):
        return "standard library"
    return ".".join(parts[:2]) if parts[0] in SPLIT else parts[0]


def _by_package(title: str, costs: list[Cost]) -> Table:
    own: defaultdict[str, float] = defaultdict(float)
    calls: defaultdict[str, float] = defaultdict(float)
    for cost in costs:
        own[cost.package] += cost.own
        calls[cost.package] += cost.calls
    ranked = sorted(own, key=lambda package: own[package], reverse=True)[:MAX_ROWS]
    return Table(
        title=title,
        columns=("package", "calls per request", "own µs per request"),
        rows=[(package, f"{calls[package]:.1f}", f"{own[package]:.0f}") for package in ranked],
    )


def _functions(title: str, costs: list[Cost]) -> Table:
    return Table(
        title=title,
        columns=("function", "calls per request", "own µs", "cumulative µs"),
        rows=[
            (cost.function, f"{cost.calls:.1f}", f"{cost.own:.1f}", f"{cost.cumulative:.0f}")
            for cost in costs[:MAX_ROWS]
        ],
    )
