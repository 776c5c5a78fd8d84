"""What can be asked for on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

QUESTIONS = {"request": "benchmarks.request.question.ask"}
"""Name → the function that measures and answers with a `Report`.

A question is a package of its own beside `request`; add it here.
"""

AUTHENTICATION = {
    "token": "rest_framework.authentication.TokenAuthentication",
    "remembered": "benchmarks.request.authentication.RememberedToken",
}
"""How requests say who they are: by a token that costs a query, or by one that does not."""

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

    profile: str | None
    """Name of the contender to profile; None to measure."""

    output: Path
    """Folder that takes the JSON files and profiles."""


def options_from(arguments: list[str] | None = None) -> Options:
    """Read the command line; end the program with a message if it makes no sense."""
    given = _parser().parse_args(arguments)
    return Options(
        question=given.question,
        quick=given.quick,
        authentication=given.authentication,
        profile=given.profile,
        output=given.output,
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
        "--authentication", choices=AUTHENTICATION, default="token",
        help="whether finding the user costs each request a query (token, the default) or not",
    )  # fmt: skip
    parser.add_argument(
        "--profile", nargs="?", const="dj_actions", metavar="CONTENDER",
        help="profile one contender (default: dj_actions) in place of measuring all",
    )  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=Path("benchmarks/results"), metavar="FOLDER",
        help="where to write the JSON file (default: benchmarks/results)",
    )  # fmt: skip
    return parser
