"""What a destination reports of a run that a message has started."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dj_actions.states import RemoteState

TRACKED_STATES = frozenset(RemoteState) - {RemoteState.UNTRACKED}
"""States of a remote run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFailure:
    """Why a remote run has failed. What is too long is cut when it is stored."""

    task: str = ""
    """The destination's own name of the step that failed."""

    exception: str = ""
    """Its error: type and message, in one line."""

    log: tuple[str, ...] = ()
    """The last lines of its log, the oldest first."""

    try_number: int | None = None
    """Number of the try that failed, starting with 1."""

    map_index: int | None = None
    """Index of the failed one of many steps with the same name; None if there is only one."""

    url: str = ""
    """Link to the failed step, for operators."""

    @property
    def summary(self) -> str:
        """One line with the step and its error, as far as they are known."""
        index = "" if self.map_index is None else f"[{self.map_index}]"
        return ": ".join(part for part in (f"{self.task}{index}", self.exception) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRun:
    """The current state of a remote run.

    Raises:
        ValueError: the state is UNTRACKED, or not a `RemoteState`.
    """

    state: RemoteState
    detail: str = ""
    """The destination's own state, for example `queued`."""

    hint: str = ""
    """One sentence that says why a run that has not ended does not advance."""

    failure: RemoteFailure | None = None
    """Why it has failed, as far as the destination says so."""

    result: Any = None
    """What the run has returned, as JSON; None if it returns nothing."""

    duration: float | None = None
    """Seconds from its start to its end."""

    ended_at: datetime | None = None
    """When it ended, by the destination's clock: a run that ends once more has another time."""

    def __post_init__(self) -> None:
        if self.state not in TRACKED_STATES:
            known = ", ".join(sorted(TRACKED_STATES))
            raise ValueError(f"{self.state!r} is not the state of a run; expected one of: {known}.")
