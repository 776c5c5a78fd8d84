"""The relay: carries recorded events to their publishers, one lane for each."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from uuid import UUID, uuid4

from django.core.files import locks
from django.db import connections, router

from dj_actions.conf import Settings, did_you_mean, get_settings
from dj_actions.database import TROUBLE, forget_connections, patiently
from dj_actions.exceptions import InvalidSetting, PublishError, RelayAlreadyRunning
from dj_actions.lane import Lane
from dj_actions.listening import Listener
from dj_actions.models import Delivery, RelayHeartbeat
from dj_actions.publishers import publisher_class, publishers
from dj_actions.tracking import track

logger = logging.getLogger(__name__)

Work = Callable[[], object]
"""What one thread of a relay does."""

WAIT_AFTER_ERROR = 1.0
"""Seconds."""

HEARTBEAT_INTERVAL = 5.0
"""Seconds between two signs of life."""

LONG_SILENCE = 86_400.0
"""Seconds after which a relay that was killed is forgotten."""


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
        self._errors: list[BaseException] = []
        self._listener: Listener | None = None
        self._lanes = [
            Lane(alias, self._settings, self._stopping)
            for alias in aliases or known
            for _ in range(known[alias].concurrency)
        ]

    def stop(self) -> None:
        """Ask it to end: what is in flight is finished, the rest is given back. Idempotent."""
        self._stopping.set()
        for lane in self._lanes:
            lane.wake()
        if self._listener:
            self._listener.interrupt()

    def run(self) -> None:
        """Work until `stop` is called."""
        with sole_relay():
            # Also before the tables are there: the lanes wait for them.
            self._whatever_happens("look for open deliveries", self._warn_of_unknown_publishers)
            works = [
                *(lane.run for lane in self._lanes),
                *self._trackers(),
                self._renew_leases,
                self._show_life,
                *self._listeners(),
            ]
            threads = self._start(works)
            self._stopping.wait()
            self._join(threads, self._settings.stop_timeout)

    def run_once(self) -> None:
        """Deliver at most one batch for each publisher, then end."""
        self._run_to_end([partial(patiently, lane.run_once) for lane in self._lanes])

    def drain(self) -> None:
        """Deliver all that is due, then end; what waits for a later try stays."""
        self._run_to_end([lane.drain for lane in self._lanes])

    def _run_to_end(self, works: Sequence[Work]) -> None:
        """Run until all of it has ended; raise the first error there was."""
        with sole_relay():
            renewal = self._start([self._renew_leases])
            threads = self._start(works)
            while any(thread.is_alive() for thread in threads) and not self._stopping.is_set():
                for thread in threads:
                    thread.join(0.1)
            self.stop()
            self._join([*threads, *renewal], self._settings.stop_timeout)
        for error in self._errors:
            raise error

    def _renew_leases(self) -> None:
        """Prolong what busy lanes hold, so that only the dead and the hanging are overtaken."""
        while not self._stopping.wait(self._settings.lease / 3):
            for lane in self._lanes:
                self._whatever_happens("renew a lease", lane.renew_lease)

    def _show_life(self) -> None:
        """Note now and then that this relay lives; not while one of its lanes hangs."""
        relay, aliases = uuid4(), sorted({lane.alias for lane in self._lanes})
        beat = partial(
            RelayHeartbeat.objects.beat,
            relay,
            host=socket.gethostname(),
            pid=os.getpid(),
            publishers=aliases,
        )
        self._whatever_happens("forget dead relays", _forget_silent)
        while not self._stopping.is_set():
            if not any(lane.hangs for lane in self._lanes):
                self._whatever_happens("note that it lives", beat)
            self._stopping.wait(HEARTBEAT_INTERVAL)
        self._whatever_happens("note that it ends", partial(RelayHeartbeat.objects.forget, relay))

    def _warn_of_unknown_publishers(self) -> None:
        """Tell of deliveries that nobody serves: their alias was renamed or removed."""
        unknown = Delivery.objects.of_unknown_publishers(self._settings.publishers)
        aliases = sorted(set(unknown.values_list("publisher", flat=True)))
        if aliases:
            logger.error(
                "There are open deliveries to publishers that are not configured: %s. Configure "
                "them again, or cancel these deliveries in the admin.",
                ", ".join(aliases),
            )

    def _listeners(self) -> list[Work]:
        using = router.db_for_write(Delivery)
        if not (self._settings.notify and connections[using].vendor == "postgresql"):
            return []
        self._listener = Listener(using=using, wake=self._wake, stopping=self._stopping)
        return [self._listener.run]

    def _wake(self, alias: str) -> None:
        for lane in self._lanes:
            if lane.alias == alias:
                lane.wake()

    def _trackers(self) -> list[Work]:
        return [
            partial(self._track, alias)
            for alias in dict.fromkeys(lane.alias for lane in self._lanes)
            if _supports_tracking(alias, self._settings)
        ]

    def _track(self, alias: str) -> None:
        """Follow the remote runs of one publisher until the relay stops."""
        interval = self._settings.track_interval
        while not self._stopping.is_set():
            asked = self._whatever_happens(
                f"ask {alias} about its runs", lambda: track(publishers[alias], interval=interval)
            )
            if not asked:
                self._stopping.wait(min(interval, self._settings.poll_interval))

    def _whatever_happens(self, what: str, work: Work) -> object:
        """Call, and return the answer; log an error, wait a little, and return None."""
        try:
            return work()
        except (PublishError, InvalidSetting, *TROUBLE) as error:
            logger.warning("The relay could not %s: %s", what, error)
        except Exception:
            logger.exception("The relay could not %s.", what)
        forget_connections()
        self._stopping.wait(WAIT_AFTER_ERROR)
        return None

    def _start(self, works: Sequence[Work]) -> list[threading.Thread]:
        threads = [
            threading.Thread(target=self._guarded, args=(work,), daemon=True) for work in works
        ]
        for thread in threads:
            thread.start()
        return threads

    def _guarded(self, work: Work) -> None:
        """Run a thread's work, keep its error, and leave no connection behind."""
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by who waits for the thread
            self._errors.append(error)
        finally:
            with suppress(Exception):
                publishers.close_all()
            forget_connections()

    def _join(self, threads: Sequence[threading.Thread], timeout: float) -> None:
        """Wait for what is in flight; after `timeout` seconds, give back what is still held."""
        deadline = time.monotonic() + timeout
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for lane in self._lanes:
            if lane.token is not None:
                logger.warning("Publisher %s did not stop in time.", lane.alias)
                self._whatever_happens("give its work back", partial(_release, lane.token))


def _forget_silent() -> int:
    return RelayHeartbeat.objects.forget_silent(LONG_SILENCE)


def _release(token: UUID) -> int:
    return Delivery.objects.release(token)


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
