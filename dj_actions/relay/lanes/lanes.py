"""The lanes of a relay, each with its thread."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.process.threads import Threads, Work

logger = logging.getLogger(__name__)


class Lanes:
    """The lanes of a relay; those that are stuck are replaced.

    Args:
        make: creates a lane for a publisher.
        aliases: the publisher of each lane.
        threads: starts their threads.
        max_replaced: how many lanes are replaced in all.
    """

    def __init__(
        self,
        make: Callable[[str], Lane],
        aliases: Sequence[str],
        *,
        threads: Threads,
        max_replaced: int,
    ) -> None:
        self._make = make
        self._starter = threads
        self._replaceable = max_replaced
        self._hanging: defaultdict[str, list[threading.Thread]] = defaultdict(list)
        self._threads: dict[Lane, threading.Thread] = {}
        self._lanes = [make(alias) for alias in aliases]

    def __iter__(self) -> Iterator[Lane]:
        """Iterate over the present lanes, even if one is replaced meanwhile."""
        return iter(list(self._lanes))

    @property
    def aliases(self) -> list[str]:
        """The publishers that are served, each once."""
        return list(dict.fromkeys(lane.alias for lane in self._lanes))

    @property
    def has_stuck(self) -> bool:
        """Whether one of the present lanes is stuck, and was not replaced."""
        return any(lane.lease.is_stuck for lane in self)

    @property
    def threads(self) -> list[threading.Thread]:
        """The threads of the present lanes."""
        return list(self._threads.values())

    def start(self, work_of: Callable[[Lane], Work]) -> None:
        """Start a thread for each lane.

        Args:
            work_of: returns what the thread of a lane runs.
        """
        threads = self._starter.start([work_of(lane) for lane in self._lanes])
        self._threads = dict(zip(self._lanes, threads, strict=True))

    def wake(self, alias: str) -> None:
        """Let the lanes of a publisher poll at once."""
        for lane in self:
            if lane.alias == alias:
                lane.wake()

    def wake_all(self) -> None:
        """Let all lanes poll at once."""
        for lane in self:
            lane.wake()

    def replace(self, lane: Lane, work_of: Callable[[Lane], Work]) -> None:
        """Start another lane for a publisher that is stuck, unless that happened too often.

        If as many lanes of the publisher hang as it has, another one would only hang, too.

        Args:
            lane: the lane that is stuck.
            work_of: returns what the thread of a lane runs.
        """
        hanging = [thread for thread in self._hanging[lane.alias] if thread.is_alive()]
        own = [entry for entry in self._lanes if entry.alias == lane.alias]
        if not self._replaceable or len(hanging) >= len(own):
            return
        self._replaceable -= 1
        self._hanging[lane.alias] = [*hanging, self._threads.pop(lane)]
        logger.error(
            "Publisher %s is stuck; another lane takes over. Make sure that its requests time out.",
            lane.alias,
            extra={"action": "lane_replaced", "publisher": lane.alias},
        )
        lane.replaced = True
        successor = self._make(lane.alias)
        self._lanes[self._lanes.index(lane)] = successor
        (self._threads[successor],) = self._starter.start([work_of(successor)])
