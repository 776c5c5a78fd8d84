"""`python -m benchmarks`: measure, print and write down; see `make bench`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import NoReturn

import django
from django.core.management import call_command
from django.utils.module_loading import import_string
from rich.console import Console

from benchmarks.database import open_database, surroundings
from benchmarks.errors import NoFigure
from benchmarks.options import AUTHENTICATION, QUESTIONS, Options, Tell, options_from
from benchmarks.report import Report, print_facts, print_report, write_json
from example.launch.process import LaunchError

INTERRUPTED = 130
WIDTH = 150
"""Columns of what is printed where there is no terminal."""


def main() -> int:
    """Ask the question of the command line and return the exit code."""
    options = options_from()
    signal.signal(signal.SIGTERM, _interrupt)
    started = time.monotonic()
    console = Console(width=None if sys.stdout.isatty() else WIDTH)

    def tell(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/]  {text}", highlight=False)

    try:
        with open_database(tell) as url:
            _prepare(url, options, tell)
            _answer(url, options, console, tell)
    except (LaunchError, NoFigure) as error:
        console.print("[red]Failed:[/]", str(error), highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped; nothing is left running.")
        return INTERRUPTED
    return 0


def _prepare(url: str, options: Options, tell: Tell) -> None:
    """Set Django up on the database, before anything that needs its models is imported."""
    os.environ |= {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": QUESTIONS[options.question].settings,
        "BENCHMARK_AUTHENTICATION": AUTHENTICATION[options.authentication],
    }
    django.setup()
    tell("Making the tables")
    call_command("migrate", verbosity=0)


def _answer(url: str, options: Options, console: Console, tell: Tell) -> None:
    ask: Callable[[Options, Tell], Report] = import_string(QUESTIONS[options.question].ask)
    facts = surroundings(url)
    report = ask(options, tell)
    print_report(console, report)
    print_facts(console, facts)
    if report.figures:
        tell(f"Written to {write_json(report, facts, options.output)}")


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
