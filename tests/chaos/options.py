"""What can be asked for on the command line."""

from __future__ import annotations

import argparse
import secrets
from dataclasses import dataclass
from pathlib import Path

LEASE = 2.0
"""Seconds that a relay may keep what it holds. Short: a killed one is overtaken while it storms."""

BATCH_SIZE = 20
"""Deliveries that a relay claims at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How long and how hard it storms."""

    seed: int
    """What all lots are drawn from. How the machine shares its time among the processes is no
    lot: the same seed gives the same weather, not the same run."""

    deliveries: int
    """How many events are to be committed, at least."""

    relays: int
    """How many relays run side by side."""

    seconds_limit: float
    """After this it has failed, wherever it stands."""

    folder: Path | None = None
    """An empty folder that keeps the logs; a temporary one if None."""

    output: Path | None = None
    """File that takes the account as JSON."""


def options_from(arguments: list[str] | None = None) -> Options:
    """Read the command line; end the program with a message if it makes no sense."""
    given = _parser().parse_args(arguments)
    return Options(**vars(given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description="Kill relays and their database under load, then account for every event.",
    )
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(1_000_000),
        help="what lots are drawn from (default: a new one; it is printed)",
    )  # fmt: skip
    parser.add_argument(
        "--deliveries", type=_positive, default=1000, help="events to commit (default: 1000)"
    )
    parser.add_argument("--relays", type=_positive, default=2, help="relays to run (default: 2)")
    parser.add_argument(
        "--seconds-limit", type=float, default=300.0, metavar="SECONDS",
        help="fail when it has not ended after this (default: 300)",
    )  # fmt: skip
    parser.add_argument("--folder", type=Path, help="an empty folder, to keep the logs in")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the account as JSON")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not above zero")
    return number
