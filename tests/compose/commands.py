"""Run a program and report what it printed where it fails."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

TAIL_LINES = 40


class CommandError(Exception):
    """A program ended with an error; the message has its last lines."""


def run(
    command: Sequence[str],
    *,
    timeout: float,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a program and return what it printed.

    Args:
        command: the program and its arguments.
        timeout: seconds until it is ended.
        stdin: what it reads; nothing by default.
        env: its environment; inherited by default.
        cwd: its working directory; inherited by default.

    Raises:
        CommandError: if it ended with an error, or ran into the timeout.
    """
    try:
        ended = subprocess.run(
            command,
            input=stdin or b"",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            env=env,
            cwd=cwd,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(
            f"{' '.join(command)} did not end within {timeout:.0f} s.\n{_tail(error.stdout or b'')}"
        ) from error
    if ended.returncode:
        raise CommandError(
            f"{' '.join(command)} ended with {ended.returncode}.\n{_tail(ended.stdout)}"
        )
    return ended.stdout.decode(errors="replace")


def _tail(output: bytes) -> str:
    return "\n".join(output.decode(errors="replace").splitlines()[-TAIL_LINES:])
