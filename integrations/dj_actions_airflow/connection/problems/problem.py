"""Why nothing can be sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why nothing can be sent."""

    id: str
    """The id of the system check, without its prefix."""

    message: str
    hint: str
