"""What a viewset remembers while it handles one request."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class RequestState:
    """The state of one request to a viewset with actions."""

    started: float = field(default_factory=time.perf_counter)
    """When the request began, by `time.perf_counter()`."""

    locks_objects: bool = False
    """Whether this request fetches objects in order to change them."""

    has_locked: bool = False
    """Whether the query that fetched them could lock them."""

    fetched: Any = None
    """The object in the URL, once it has been fetched."""

    @property
    def duration_ms(self) -> float:
        """Milliseconds since the request began."""
        return (time.perf_counter() - self.started) * 1000
