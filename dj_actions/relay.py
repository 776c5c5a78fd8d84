"""The relay: carries recorded events to their publishers, one lane for each."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from django.core.files import locks
from django.db import connections, router

from dj_actions.conf import Settings, did_you_mean, get_settings
from dj_actions.database import TROUBLE, forget_connections, patiently
from dj_actions.exceptions import InvalidSetting, PublishError, RelayAlreadyRunning
from dj_actions.lane import Lane
from dj_actions.models import Delivery
from dj_actions.publishers import publisher_class, publishers
from dj_actions.tracking import track

logger = logging.getLogger(__name__)


class Relay:
    """Runs a lane for each publisher, and a tracker for each that can be tracked.

    Any number of relays may share a PostgreSQL database; SQLite takes one.

    Args:
        aliases: the publishers to serve; all of them by default.

    Raises:
        InvalidSetting: an alias is not configured.
    """

    def __init__(self, aliases: Sequence[str] = ()) -> None:
        self._settings: Settings = get_settings()
        known = self._settings.publishers
        for alias in aliases:
            if alias not in known:
                raise InvalidSetting(
                    f"There is no publisher {alias!r} in DJ_ACTIONS['PUBLISHERS']."
                    f"{did_you_mean(alias, known)}"
                )
        self._stopping = threading.Event()
        self._lanes = [Lane(alias, self._settings, self._stopping) for alias in aliases or known]

    def stop(self) -> None:
        """Ask it to end: what is in flight is finished, the rest is given back. Idempotent."""
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop` is called."""
        with sole_relay():
            threads = self._start([lane.run for lane in self._lanes] + self._trackers())
            self._stopping.wait()
            self._join(threads, self._settings.stop_timeout)

    def run_once(self) -> None:
        """Deliver at most one batch for each publisher, then end."""
        self._run_to_end([partial(patiently, lane.run_once) for lane in self._lanes])

    def drain(self) -> None:
        """Deliver all that is due, then end; what waits for a later try stays."""
        self._run_to_end([lane.drain for lane in self._lanes])

    def _run_to_end(self, works: Sequence[Callable[[], object]]) -> None:
        with sole_relay():
            threads = self._start(works)
            while any(thread.is_alive() for thread in threads) and not self._stopping.is_set():
                for thread in threads:
                    thread.join(0.1)
            self._join(threads, self._settings.stop_timeout)

    def _trackers(self) -> list[Callable[[], object]]:
        return [
            lambda alias=lane.alias: self._track(alias)  # type: ignore[misc]  # bound per lane
            for lane in self._lanes
            if _supports_tracking(lane.alias, self._settings)
        ]

    def _track(self, alias: str) -> None:
        """Follow the remote runs of one publisher until the relay stops."""
        interval = self._settings.track_interval
        while not self._stopping.is_set():
            asked = 0
            try:
                asked = track(publishers[alias], interval=interval)
            except (PublishError, InvalidSetting) as error:
                logger.warning("Publisher %s cannot be asked about its runs: %s", alias, error)
                self._stopping.wait(interval)
            except TROUBLE as error:
                logger.warning("Tracker of %s: the database is away: %s", alias, error)
                forget_connections()
            if not asked:
                self._stopping.wait(min(interval, self._settings.poll_interval))

    def _start(self, works: Sequence[Callable[[], object]]) -> list[threading.Thread]:
        threads = [threading.Thread(target=_guarded, args=(work,), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        return threads

    def _join(self, threads: Sequence[threading.Thread], timeout: float) -> None:
        """Wait for what is in flight; after `timeout` seconds, give back what is still held."""
        deadline = time.monotonic() + timeout
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for lane in self._lanes:
            if lane.token is not None and any(thread.is_alive() for thread in threads):
                logger.warning(
                    "Publisher %s did not stop in time; its work is given back.", lane.alias
                )
                Delivery.objects.release(lane.token)


def _guarded(work: Callable[[], object]) -> None:
    """Run a thread's work, and leave no connection behind."""
    try:
        work()
    finally:
        publishers.close_all()
        forget_connections()


def _supports_tracking(alias: str, settings: Settings) -> bool:
    try:
        return publisher_class(alias, settings.publishers[alias]).supports_tracking
    except InvalidSetting:
        return False


@contextmanager
def sole_relay() -> Iterator[None]:
    """Make sure that no other relay serves the same SQLite database.

    SQLite has no row locks, so two relays would send the same deliveries. A lock on a file
    beside the database ends with the process that holds it, however that ends.

    Raises:
        RelayAlreadyRunning: another relay holds it.
    """
    connection = connections[router.db_for_write(Delivery)]
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]  # of the SQLite backend
        yield
        return
    with open(f"{name}.relay", "w") as file:  # noqa: PTH123 - NAME may be any path-like text
        if not locks.lock(file, locks.LOCK_EX | locks.LOCK_NB):
            raise RelayAlreadyRunning(
                f"Another relay already serves {name}. SQLite allows one; stop the other, or "
                "use PostgreSQL to run several."
            )
        yield
