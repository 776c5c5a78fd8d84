"""A relay in a process of its own: `manage.py run_relay`, then a line with what it has noted."""

from __future__ import annotations

import os

import django
from django.core.management import call_command

from benchmarks.child import say


def main() -> None:
    """Work until SIGTERM, then say when the publisher was called for which event."""
    django.setup()
    from benchmarks.latency.clock import calls  # noqa: PLC0415 - needs Django to be set up

    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device
        call_command("run_relay", stdout=nowhere)
    say(calls=calls)


if __name__ == "__main__":
    main()
