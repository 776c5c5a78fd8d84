"""The calls that Stream still accepts, by what the headers of its responses say."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dj_actions.exceptions import RateLimited

LOW_SHARE = 0.1
"""Share of the limit from which on calls are spread over the rest of the window."""

MAX_PAUSE = 1.0
"""Seconds that one call is delayed at most: a relay that stops waits for it."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is left of one endpoint's limit."""

    limit: int
    remaining: int

    resets_at: float
    """Seconds since 1970."""


class RateBudget:
    """Slows calls down when few are left, and refuses them when none is.

    Each endpoint has a limit of its own. Other processes use it up as well; each response says
    what is left for all.

    Args:
        clock: returns the seconds since 1970.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._windows: dict[str, Window] = {}

    def read(self, endpoint: str, headers: Mapping[str, str]) -> None:
        """Take over what a response says about the limit of its endpoint, if anything."""
        try:
            self._windows[endpoint] = Window(
                limit=int(headers["X-RateLimit-Limit"]),
                remaining=int(headers["X-RateLimit-Remaining"]),
                resets_at=float(headers["X-RateLimit-Reset"]),
            )
        except (KeyError, ValueError):
            self._windows.pop(endpoint, None)

    def spend(self, endpoint: str) -> None:
        """Wait until one call is due.

        Raises:
            RateLimited: no call is left before the window ends.
        """
        window = self._windows.get(endpoint)
        left = 0.0 if window is None else window.resets_at - self._clock()
        if window is None or left <= 0:
            return
        if window.remaining <= 0:
            raise RateLimited(
                f"Stream: no calls are left for {endpoint}; its limit is {window.limit}.",
                retry_after=left,
            )
        if window.remaining < window.limit * LOW_SHARE:
            self._sleep(min(MAX_PAUSE, left / window.remaining))


def endpoint_of(method: str, path: str) -> str:
    """Return the endpoint of a request: what Stream limits together.

    Args:
        method: `get`, `post`, …
        path: below the version, for example `feed/user/1/`.
    """
    first, *rest = path.strip("/").split("/")
    if first in {"feed", "enrich"}:
        relation = next((part for part in rest if part in {"follows", "followers"}), "")
        return f"{method} {first} {relation}".strip()
    return f"{method} {first}"
