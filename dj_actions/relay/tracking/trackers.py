"""The trackers of a relay."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from dj_actions.conf import Settings
from dj_actions.outbox.wakeup import TRACKER_PREFIX
from dj_actions.publishers.handler import supports_tracking
from dj_actions.relay.tracking.tracker import Tracker
from dj_actions.relay.tuning import RelayTuning


class Trackers:
    """The trackers of a relay, one for each publisher that supports tracking.

    Args:
        aliases: the publishers that the relay serves.
        settings: the DJ_ACTIONS setting.
        stopping: set when the relay stops.
        listening: set while notifications reach the relay.
        tuning: their intervals.
    """

    def __init__(
        self,
        aliases: Iterable[str],
        settings: Settings,
        stopping: threading.Event,
        listening: threading.Event,
        tuning: RelayTuning,
    ) -> None:
        self._trackers = [
            Tracker(alias, settings, stopping, listening, tuning)
            for alias in aliases
            if supports_tracking(alias, settings)
        ]

    def __iter__(self) -> Iterator[Tracker]:
        """Iterate over the trackers."""
        return iter(self._trackers)

    def wake(self, notification: str) -> None:
        """Let the tracker that a notification names check what is due; the others are for lanes."""
        for tracker in self._trackers:
            if notification == f"{TRACKER_PREFIX}{tracker.alias}":
                tracker.wake()

    def wake_all(self) -> None:
        """Let all trackers check what is due, or notice that the relay stops."""
        for tracker in self._trackers:
            tracker.wake()
