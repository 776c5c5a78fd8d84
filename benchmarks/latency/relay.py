"""A relay process: `manage.py run_relay`, then a line with the recorded times."""

from __future__ import annotations

import os

import django
from django.core.management import call_command

from benchmarks.child import send


def main() -> None:
    """Run until SIGTERM, then send the time of the publisher's call for each event."""
    django.setup()
    from benchmarks.latency.clock import calls  # noqa: PLC0415 - needs Django to be set up

    with open(os.devnull, "w") as devnull:  # noqa: PTH123 - a device
        call_command("run_relay", stdout=devnull)
    send(calls=calls)


if __name__ == "__main__":
    main()
