"""The finding of a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The severity of a finding."""

    OK = "ok"
    WARNING = "warning"
    """Nothing is stuck yet, but an operator should check it."""

    PROBLEM = "problem"
    """Deliveries are stuck, or will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The finding of one check."""

    check: str
    """Name of the check, for example `relays`."""

    state: State
    message: str
    """What was found, in one sentence."""

    fix: str = ""
    """What to do about it; empty if the state is OK."""


def ok(check: str, message: str) -> Finding:
    """Return a finding without a problem."""
    return Finding(check=check, state=State.OK, message=message)


def warning(check: str, message: str, fix: str) -> Finding:
    """Return a finding that an operator should check."""
    return Finding(check=check, state=State.WARNING, message=message, fix=fix)


def problem(check: str, message: str, fix: str) -> Finding:
    """Return a finding that blocks deliveries."""
    return Finding(check=check, state=State.PROBLEM, message=message, fix=fix)
