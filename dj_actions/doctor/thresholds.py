"""From when on something is worth telling."""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import dataclass

LONGEST = 365 * 24 * 3600.0
"""Seconds; later moments would leave the calendars of some databases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Ages in seconds."""

    relay: float = 30.0
    """Since the last sign of life of a relay that is taken for alive."""

    waiting: float = 300.0
    """Of the oldest pending delivery."""

    lease: float = 30.0
    """Since a lease ran out that some relay should have taken over."""

    snapshot: float = 300.0
    """Of a snapshot that keeps PostgreSQL from removing dead rows."""

    notification: float = 2.0
    """Until a notification has to arrive."""


def seconds(text: str) -> float:
    """Read a number of seconds from the command line.

    Raises:
        ArgumentTypeError: it is no number, or none between 0 and a year.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0 <= value <= LONGEST:
        return value
    raise ArgumentTypeError(f"{text!r} is no number of seconds between 0 and {LONGEST:.0f}.")
