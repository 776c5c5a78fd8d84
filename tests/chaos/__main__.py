"""`python -m tests.chaos`: storm, print the account, fail if it does not come out; `make storm`."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

import django
from django.core.management import call_command
from django.utils.module_loading import import_string
from rich.console import Console

from example.launch.postgres import Postgres, create_database
from example.launch.process import LaunchError
from tests.chaos.destination import Destination
from tests.chaos.effects import Effects
from tests.chaos.faults import Weather
from tests.chaos.options import Options, options_from
from tests.chaos.report import Report, show, write_json

INTERRUPTED = 130
WIDTH = 120
"""Columns of what is printed where there is no terminal."""

KEEPS_ITS_WORD = {"synchronous_commit": "on", "full_page_writes": "on"}
"""A commit that was answered survives the server's crash; of the machine's there is none here."""


def main() -> int:
    """Storm as the command line wants and return the exit code."""
    options = options_from()
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(f"Seed {options.seed}, {options.deliveries} deliveries, {options.relays} relays")
    try:
        with _folder(options) as folder:
            report = _storm(options, folder, console)
    except LaunchError as error:
        console.print("[red]Failed:[/]", str(error), highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped; nothing is left running.")
        return INTERRUPTED
    show(console, report)
    if options.output:
        write_json(report, options.output)
    return 1 if report.findings else 0


def _storm(options: Options, folder: Path, console: Console) -> Report:
    started = time.monotonic()

    def tell(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:6.1f} s[/]  {text}", highlight=False)

    with ExitStack() as stack:
        server = stack.enter_context(Postgres.start(folder / "server", settings=KEEPS_ITS_WORD))
        destination = stack.enter_context(Destination(Effects(), Weather(options.seed)))
        _prepare(create_database(server.url(), "storm"), destination.server_port)
        tell("The tables are made; it begins")
        # Only now: they need Django's settings.
        parts = import_string("tests.chaos.run.Parts")
        rage = import_string("tests.chaos.run.rage")
        report: Report = rage(
            options, parts(server=server, destination=destination, folder=folder), tell
        )
    return report


def _prepare(url: str, port: int) -> None:
    """Set Django up, here and for the relays, which inherit our environment."""
    os.environ |= {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
        "STORM_PORT": str(port),
    }
    django.setup()
    call_command("migrate", verbosity=0)


@contextmanager
def _folder(options: Options) -> Iterator[Path]:
    if options.folder:
        yield options.folder
    else:
        with tempfile.TemporaryDirectory(prefix="dj-actions-storm-") as folder:
            yield Path(folder)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
