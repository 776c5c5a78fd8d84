"""`python -m dj_actions upgrade`: runs without a Django project that can be loaded."""

from __future__ import annotations

import argparse
import sys

from dj_actions.compat.upgrade.command import HELP, CannotUpgrade, Options, add_arguments, upgrade


def main() -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dj_actions")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_arguments(commands.add_parser("upgrade", help=HELP, description=HELP))
    arguments = parser.parse_args()
    options = Options(paths=arguments.paths, dry_run=arguments.dry_run)
    try:
        upgrade(options, lambda line: sys.stdout.write(f"{line}\n"))
    except CannotUpgrade as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
