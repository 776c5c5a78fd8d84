"""`python -m tests.compose`: check the Compose stack; see `make compose-test`."""

from __future__ import annotations

import sys
import time

from rich.console import Console

from example.launch.process import LaunchError
from tests.compose.checks import CheckFailedError, Checks, check_nothing_is_left
from tests.compose.commands import CommandError
from tests.compose.engines import Engine, NoEngineError, available_engine
from tests.compose.stack import Stack, env_file
from tests.compose.stand_ins import build_stand_ins

LOG_LINES = "60"
STARTED = time.monotonic()
CONSOLE = Console(soft_wrap=True, highlight=False, markup=False)


def main() -> int:
    """Run the checks and return the exit code."""
    try:
        _report("Looking for a container engine")
        with available_engine() as engine, env_file() as variables:
            _check(engine, variables)
    except NoEngineError as error:
        CONSOLE.print(f"The Compose stack cannot be tested here: {error}")
        return 1
    except (CheckFailedError, CommandError, LaunchError) as error:
        CONSOLE.print(f"Failed: {error}")
        return 1
    _report("Everything is in order")
    return 0


def _check(engine: Engine, variables: str) -> None:
    if engine.registry:
        _report("Using the engine of this machine")
    else:
        _report("No engine works here: using one of our own, with stand-ins for the base images")
        build_stand_ins(engine, variables, _report)
    stack = Stack(engine, variables)
    try:
        _report("Building the image of the example")
        stack.build()
        _report("Starting the stack")
        stack.up()
        Checks(stack=stack, engine=engine, report=_report).run()
    except Exception:
        CONSOLE.print(stack.compose("ps", "--all"))
        CONSOLE.print(stack.compose("logs", "--tail", LOG_LINES, timeout=60))
        raise
    finally:
        _report("Removing the stack")
        stack.remove()
    check_nothing_is_left(engine)


def _report(text: str) -> None:
    CONSOLE.print(f"{time.monotonic() - STARTED:6.1f} s  {text}")


if __name__ == "__main__":
    sys.exit(main())
