"""A destination that does nothing: the counterpart of the publisher of DJ Actions."""

from __future__ import annotations

from typing import Any

from benchmarks.drain.counter import counter


class NoopDestination:
    """A destination that counts and accepts messages."""

    def deliver(self, _envelope: Any) -> None:
        """Accept one message."""
        counter.increment()
