"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"))


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Nothing is stuck now; someone should look at it."""

    PROBLEM = "problem"
    """Deliveries are stuck, or will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check says."""

    check: str
    """Name of the check, for example `relays`."""

    state: State
    message: str
    """What was found, in one sentence."""

    fix: str = ""
    """What to do about it; empty when all is well."""


def ok(check: str, message: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(check=check, state=State.OK, message=message)


def warning(check: str, message: str, fix: str) -> Finding:
    """Return a finding that someone should look at."""
    return Finding(check=check, state=State.WARNING, message=message, fix=fix)


def problem(check: str, message: str, fix: str) -> Finding:
    """Return a finding that holds deliveries up."""
    return Finding(check=check, state=State.PROBLEM, message=message, fix=fix)


def spoken(seconds: float) -> str:
    """Return a duration for people, in the largest unit of which there are two or more."""
    for length, unit in UNITS:
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def counted(number: int, one: str, many: str) -> str:
    """Return a number and what it counts: `1 delivery`, `2 deliveries`."""
    return f"{number} {one if number == 1 else many}"


def deliveries(number: int) -> str:
    """Return a number of deliveries."""
    return counted(number, "delivery", "deliveries")


def in_one_line(error: BaseException) -> str:
    """Return what an error says, without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__
