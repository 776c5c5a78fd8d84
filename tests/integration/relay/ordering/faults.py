"""Faults between two statements of a relay: it is killed, or loses its connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import OperationalError

CLAIM = "AS taken"
"""Part of the statement that claims deliveries."""

Execute = Callable[..., Any]


class Killed(BaseException):
    """The relay is killed: it executes nothing more."""


class Fault(StrEnum):
    """What happens to a relay at one of its statements."""

    KILLED = "killed"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """A fault at one of the next statements."""

    fault: Fault

    statements: int
    """How many statements are executed before."""

    is_executed: bool
    """Whether the database executes the statement, whose result then does not arrive."""


class StatementFaults:
    """An `execute_wrapper` of Django that injects faults into the connection of a relay."""

    def __init__(self, in_claim: Callable[[], None]) -> None:
        self.is_dead = False
        """Whether the relay was killed."""
        self.planned: PlannedFault | None = None
        self.stops_in_claim = False
        """Whether the relay waits when it has claimed something, before it commits."""
        self._in_claim = in_claim
        self._executed = 0

    def plan(self, fault: PlannedFault | None) -> None:
        """Inject this fault next, or none."""
        self.planned, self._executed = fault, 0

    def __call__(
        self, execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """Execute a statement, unless the fault that is planned prevents it."""
        if self.is_dead:
            raise Killed
        planned = self.planned
        if planned and self._executed >= planned.statements:
            self.planned = None
            if planned.is_executed:
                execute(sql, params, many, context)
            self._fail(planned.fault, context)
        self._executed += 1
        result = execute(sql, params, many, context)
        if self.stops_in_claim and CLAIM in sql:
            self.stops_in_claim = False
            self._in_claim()
            if self.is_dead:
                raise Killed
        return result

    def _fail(self, fault: Fault, context: dict[str, Any]) -> None:
        if fault is Fault.KILLED:
            self.is_dead = True
            raise Killed
        context["connection"].connection.close()
        raise OperationalError("the connection was lost")
