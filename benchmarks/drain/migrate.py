"""Create a candidate's tables in its own environment, and send the versions of its packages."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version

import django
from django.core.management import call_command

from benchmarks.child import send


def main() -> None:
    """Run the migrations; the arguments are the names of the packages."""
    django.setup()
    call_command("migrate", verbosity=0)
    packages = {name: version(name) for name in sys.argv[1:]}
    send(versions={"Python": platform.python_version(), **packages})


if __name__ == "__main__":
    main()
