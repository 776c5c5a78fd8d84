"""The command-line options."""

from __future__ import annotations

import argparse
import secrets
from dataclasses import dataclass
from pathlib import Path

LEASE = 2.0
"""Seconds. Short, so that the leases of killed relays expire during the test."""

BATCH_SIZE = 20
"""Deliveries per claim."""


UNORDERED, ORDERED = "chaos", "ordered"
"""Aliases of the publishers; the second one keeps the order of each object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The parsed command line."""

    seed: int
    """Seed of all random choices. The scheduling of the processes is not seeded: the same seed
    gives the same fault schedule, but not the same run."""

    deliveries: int
    """Minimum number of events to commit."""

    relays: int
    """Number of concurrent relays."""

    seconds_limit: float
    """The test fails if it takes longer than this."""

    folder: Path | None = None
    """An empty folder for the logs; a temporary one if None."""

    output: Path | None = None
    """File for the report as JSON."""


def parse_options(arguments: list[str] | None = None) -> Options:
    """Parse the command line; exit with a message if it is not valid."""
    given = _parser().parse_args(arguments)
    return Options(**vars(given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description="Kill relays and their database under load, then verify every event.",
    )
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(1_000_000),
        help="seed of the fault schedule (default: a random one, which is printed)",
    )  # fmt: skip
    parser.add_argument(
        "--deliveries", type=_positive, default=1000, help="events to commit (default: 1000)"
    )
    parser.add_argument("--relays", type=_positive, default=2, help="relays to run (default: 2)")
    parser.add_argument(
        "--seconds-limit", type=float, default=300.0, metavar="SECONDS",
        help="fail if the test takes longer than this (default: 300)",
    )  # fmt: skip
    parser.add_argument("--folder", type=Path, help="an empty folder for the logs")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report as JSON")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number
