"""`python -m tests.chaos`: run the chaos test and print its report; see `make chaos`."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import django
from django.core.management import call_command
from django.utils.module_loading import import_string
from rich.console import Console

from example.launch.postgres import Postgres, create_database
from example.launch.process import LaunchError, raise_interrupts
from tests.chaos.destination import Destination
from tests.chaos.effects import Effects
from tests.chaos.faults import FaultInjector
from tests.chaos.options import ORDERED, UNORDERED, Options, parse_options
from tests.chaos.report import Report, show, write_json

INTERRUPTED = 130
WIDTH = 120
"""Width of the output in columns if it is not a terminal."""

DURABLE_SETTINGS = {"synchronous_commit": "on", "full_page_writes": "on"}
"""An acknowledged commit survives a crash of the server; a power failure is not tested."""


def main() -> int:
    """Run the chaos test and return the exit code."""
    options = parse_options()
    raise_interrupts()
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(f"Seed {options.seed}, {options.deliveries} deliveries, {options.relays} relays")
    try:
        with _folder(options) as folder:
            report = _run(options, folder, console)
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


def _run(options: Options, folder: Path, console: Console) -> Report:
    started = time.monotonic()

    def progress(message: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:6.1f} s[/]  {message}", highlight=False)

    with ExitStack() as stack:
        server = stack.enter_context(Postgres.start(folder / "server", settings=DURABLE_SETTINGS))
        destinations = {
            alias: stack.enter_context(
                Destination(Effects(), FaultInjector(f"{options.seed}:{alias}"))
            )
            for alias in (UNORDERED, ORDERED)
        }
        ports = {alias: entry.server_port for alias, entry in destinations.items()}
        _prepare(create_database(server.url(), "chaos"), ports)
        progress("Created the tables; starting relays and writers")
        # Imported here because it needs Django's settings.
        services = import_string("tests.chaos.run.Services")
        run_chaos_test = import_string("tests.chaos.run.run_chaos_test")
        report: Report = run_chaos_test(
            options, services(server=server, destinations=destinations, folder=folder), progress
        )
    return report


def _prepare(url: str, ports: Mapping[str, int]) -> None:
    """Set up Django, in this process and for the relays, which inherit its environment."""
    os.environ |= {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
        "CHAOS_PORT": str(ports[UNORDERED]),
        "CHAOS_ORDERED_PORT": str(ports[ORDERED]),
    }
    django.setup()
    call_command("migrate", verbosity=0)


@contextmanager
def _folder(options: Options) -> Iterator[Path]:
    if options.folder:
        yield options.folder
    else:
        with tempfile.TemporaryDirectory(prefix="dj-actions-chaos-") as folder:
            yield Path(folder)


if __name__ == "__main__":
    sys.exit(main())
