"""The relay: carries recorded events to their publishers, one lane for each."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from uuid import uuid4

from django.db import connections, router

from dj_actions.conf import Settings, get_settings
from dj_actions.database import close_connections, retry_on_disconnect
from dj_actions.exceptions import InvalidSetting
from dj_actions.models import Delivery, RelayHeartbeat
from dj_actions.outbox.wakeup import wake_relays
from dj_actions.publishers import publishers
from dj_actions.publishers.handler import publisher_class
from dj_actions.relay.lane import Lane
from dj_actions.relay.listener import Listener
from dj_actions.relay.resilience import Enduring
from dj_actions.relay.single_instance import sole_relay
from dj_actions.relay.tracking import track
from dj_actions.text import did_you_mean

logger = logging.getLogger(__name__)

Work = Callable[[], object]
"""What one thread of a relay does."""

HEARTBEAT_INTERVAL = 5.0
"""Seconds between two signs of life."""

MOST_REPLACED = 10
"""Lanes that may hang until a relay counts as one that does not live any more."""

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
        self._hearing = threading.Event()
        self._ended = threading.Event()
        self._replaced = 0
        self._threads: dict[Lane, threading.Thread] = {}
        self._renewal: list[threading.Thread] = []
        self._errors: list[BaseException] = []
        self._listener: Listener | None = None
        self._lanes = [
            Lane(alias, self._settings, self._stopping, self._hearing)
            for alias in aliases or known
            for _ in range(known[alias].concurrency)
        ]

    def stop(self) -> None:
        """Ask it to end: what is in flight is finished, the rest is given back. Idempotent."""
        self._stopping.set()
        self._wake_all()
        if self._listener:
            self._listener.interrupt()

    def run(self) -> None:
        """Work until `stop` is called.

        Raises:
            BaseException: what has ended one of its threads, which nothing should.
        """
        with sole_relay():
            # Also before the tables are there: the lanes wait for them.
            warning = Enduring("look for open deliveries", self._stopping)
            warning.call(self._warn_of_unknown_publishers)
            self._begin(lambda lane: partial(self._vital, lane.run))
            works = [*self._trackers(), self._show_life, *self._listeners()]
            others = self._start([partial(self._vital, work) for work in works])
            self._stopping.wait()
            self._finish(others)

    def run_once(self) -> None:
        """Deliver at most one batch for each publisher, then end."""
        self._run_to_end(lambda lane: partial(retry_on_disconnect, lane.run_once))

    def drain(self) -> None:
        """Deliver all that is due, then end; what waits for a later try stays."""
        self._run_to_end(lambda lane: lane.drain)

    def _run_to_end(self, work_of: Callable[[Lane], Work]) -> None:
        """Run until all of it has ended; raise the first error there was."""
        with sole_relay():
            self._begin(work_of, replacing=False)
            threads = list(self._threads.values())
            while any(thread.is_alive() for thread in threads) and not self._stopping.is_set():
                for thread in threads:
                    thread.join(0.1)
            self.stop()
            self._finish([])

    def _begin(self, work_of: Callable[[Lane], Work], *, replacing: bool = True) -> None:
        """Start the lanes, and what renews their leases."""
        self._threads = dict(
            zip(self._lanes, self._start([work_of(lane) for lane in self._lanes]), strict=True)
        )
        self._renewal = self._start([partial(self._renew_leases, replacing=replacing)])

    def _renew_leases(self, *, replacing: bool) -> None:
        """Prolong what busy lanes hold, so that only the dead and the hanging are overtaken."""
        enduring = Enduring("renew a lease", self._stopping)
        while not self._ended.wait(self._settings.lease / 3):
            for lane in list(self._lanes):
                enduring.call(lane.renew_lease)
                if replacing and lane.hangs and not self._stopping.is_set():
                    self._replace(lane)

    def _replace(self, lane: Lane) -> None:
        """Let another lane go on where a publisher hangs, unless that has happened too often."""
        if self._replaced == MOST_REPLACED:
            return
        self._replaced += 1
        logger.error(
            "Publisher %s hangs: another lane goes on without it. Give it timeouts.",
            lane.alias,
            extra={"action": "lane_replaced", "publisher": lane.alias},
        )
        lane.is_replaced = True
        following = Lane(lane.alias, self._settings, self._stopping, self._hearing)
        self._lanes[self._lanes.index(lane)] = following
        del self._threads[lane]
        (self._threads[following],) = self._start([partial(self._vital, following.run)])

    def _show_life(self) -> None:
        """Note now and then that this relay lives; not while one of its lanes hangs."""
        relay, aliases = uuid4(), sorted({lane.alias for lane in self._lanes})
        beat = partial(
            RelayHeartbeat.objects.record_heartbeat,
            relay,
            host=socket.gethostname(),
            pid=os.getpid(),
            publishers=aliases,
        )
        enduring = Enduring("note that it lives", self._stopping)
        enduring.call(_forget_silent)
        while not self._stopping.is_set():
            if not any(lane.hangs for lane in self._lanes):
                enduring.call(beat)
            self._stopping.wait(HEARTBEAT_INTERVAL)
        enduring.call(partial(RelayHeartbeat.objects.delete_heartbeat, relay))

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
        self._listener = Listener(
            using=using,
            wake=self._wake,
            wake_all=self._wake_all,
            hearing=self._hearing,
            stopping=self._stopping,
        )
        return [self._listener.run]

    def _wake(self, alias: str) -> None:
        for lane in list(self._lanes):
            if lane.alias == alias:
                lane.wake()

    def _wake_all(self) -> None:
        for lane in list(self._lanes):
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
        enduring = Enduring(f"ask {alias} about its runs", self._stopping)
        while not self._stopping.is_set():
            if not enduring.call(lambda: track(publishers[alias], interval=interval)):
                self._stopping.wait(interval)

    def _vital(self, work: Work) -> None:
        """Do what the relay cannot be without: should it end, a supervisor is to start it anew."""
        try:
            work()
        except BaseException:
            logger.critical("A thread of the relay has ended; the relay ends with it.")
            self.stop()
            raise

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
            close_connections()

    def _finish(self, others: Sequence[threading.Thread]) -> None:
        """Wait for what is in flight; when its time is over, give back what is still held.

        Raises:
            BaseException: the first that has ended a thread.
        """
        timeout = self._settings.stop_timeout
        _join([*self._threads.values(), *others], timeout)
        for lane in self._lanes:
            if lane.token is not None:
                logger.warning("Publisher %s did not stop in time.", lane.alias)
                giving_back = Enduring("give its work back", self._stopping)
                giving_back.call(partial(_give_back, lane))
        # Until here leases were renewed: nobody takes over what is being finished.
        self._ended.set()
        _join(self._renewal, timeout)
        for error in self._errors:
            raise error


def _join(threads: Sequence[threading.Thread], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _give_back(lane: Lane) -> None:
    if lane.token is not None and Delivery.objects.release(lane.token):
        wake_relays([lane.alias], using=router.db_for_write(Delivery))


def _forget_silent() -> int:
    return RelayHeartbeat.objects.delete_stale(LONG_SILENCE)


def _supports_tracking(alias: str, settings: Settings) -> bool:
    try:
        return publisher_class(alias, settings.publishers[alias]).supports_tracking
    except InvalidSetting:
        return False
