"""`python -m benchmarks`: measure, print a report and write it as JSON; see `make bench`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import django
from django.core.management import call_command
from django.utils.module_loading import import_string
from rich.console import Console

from benchmarks.database import describe_environment, open_database
from benchmarks.errors import BenchmarkError
from benchmarks.options import AUTHENTICATION, BENCHMARKS, Options, Progress, parse_options
from benchmarks.report import Report, print_environment, print_report, write_json
from example.launch.process import LaunchError, raise_interrupts

INTERRUPTED = 130
WIDTH = 150
"""Width of the output in columns if it is not a terminal."""


def main() -> int:
    """Run the benchmark selected on the command line and return the exit code."""
    options = parse_options()
    raise_interrupts()
    started = time.monotonic()
    console = Console(width=None if sys.stdout.isatty() else WIDTH)

    def progress(message: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/]  {message}", highlight=False)

    try:
        with open_database(progress) as url:
            _prepare(url, options, progress)
            _run(url, options, console, progress)
    except (LaunchError, BenchmarkError) as error:
        console.print("[red]Failed:[/]", str(error), highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped. All child processes have ended.")
        return INTERRUPTED
    return 0


def _prepare(url: str, options: Options, progress: Progress) -> None:
    """Set up Django on the database, before a module that needs its models is imported."""
    os.environ |= {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": BENCHMARKS[options.benchmark].settings,
        "BENCHMARK_AUTHENTICATION": AUTHENTICATION[options.authentication],
    }
    if options.ordered:
        os.environ["BENCHMARK_ORDERING"] = "key"
    django.setup()
    progress("Creating the tables")
    call_command("migrate", verbosity=0)


def _run(url: str, options: Options, console: Console, progress: Progress) -> None:
    run: Callable[[Options, Progress], Report] = import_string(BENCHMARKS[options.benchmark].run)
    environment = describe_environment(url)
    report = run(options, progress)
    print_report(console, report)
    print_environment(console, environment)
    if report.figures:
        progress(f"Written to {write_json(report, environment, options.output)}")


if __name__ == "__main__":
    sys.exit(main())
