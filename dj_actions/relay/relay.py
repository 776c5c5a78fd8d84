"""The relay: delivers recorded events to their publishers, with a lane for each."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from django.db import Error, router

from dj_actions.conf import get_settings
from dj_actions.database import RECONNECT_TIMEOUT, retry_on_disconnect
from dj_actions.models import Delivery
from dj_actions.outbox.environment import require_own_environment
from dj_actions.relay.failures.error_backoff import ErrorBackoff
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.lanes.lanes import Lanes
from dj_actions.relay.lanes.lease_renewal import LeaseRenewal
from dj_actions.relay.lanes.pending_deliveries import PendingDeliveries, all_pending
from dj_actions.relay.process.capacity import aliases_of_lanes
from dj_actions.relay.process.delivery_counter import DeliveryCounter
from dj_actions.relay.process.heartbeat import Heartbeat
from dj_actions.relay.process.listener import Listener, is_supported
from dj_actions.relay.process.served_publishers import resolve_aliases, warn_of_unknown_publishers
from dj_actions.relay.process.single_instance import single_instance
from dj_actions.relay.process.threads import Threads, Work, join, wait_for
from dj_actions.relay.settling.release import release
from dj_actions.relay.tracking.trackers import Trackers
from dj_actions.relay.tuning import DEFAULT_TUNING, RelayTuning

logger = logging.getLogger(__name__)


class Relay:
    """Runs the lanes of each publisher, and a tracker for each publisher that supports it.

    Any number of relays may share a PostgreSQL database; SQLite allows one.

    Args:
        aliases: the publishers to serve; all of them by default.
        tuning: intervals and limits.

    Raises:
        InvalidSetting: an alias is not configured.
    """

    def __init__(
        self, aliases: Sequence[str] = (), *, tuning: RelayTuning = DEFAULT_TUNING
    ) -> None:
        self._settings = get_settings()
        self._serves_all = not aliases
        self._tuning = tuning
        self._stopping = threading.Event()
        self._is_listening = threading.Event()
        self._threads = Threads()
        self._counter = DeliveryCounter()
        self._renewal_thread: threading.Thread | None = None
        self._listener: Listener | None = None
        self._lanes = Lanes(
            self._new_lane,
            aliases_of_lanes(resolve_aliases(self._settings, aliases), self._settings),
            threads=self._threads,
            max_replaced=tuning.max_replaced_lanes,
        )
        self._renewal = LeaseRenewal(
            self._lanes, lease=self._settings.lease, backoff=self._backoff("renew a lease")
        )
        self._trackers = Trackers(
            self._lanes.aliases, self._settings, self._stopping, self._is_listening, tuning
        )

    def stop(self) -> None:
        """Finish the messages in flight, release the rest, and end. Idempotent."""
        self._stopping.set()
        self._wake_all()
        if self._listener:
            self._listener.interrupt()

    def run(self) -> None:
        """Work until `stop` is called.

        Raises:
            InvalidSetting: the data belong to another environment.
            BaseException: the error that ended one of the threads; none should.
        """
        with single_instance():
            with suppress(Error):  # the lanes try again
                require_own_environment()
            # Before the first migration this fails; the lanes wait for the tables.
            self._backoff("check for unknown publishers").run(
                partial(warn_of_unknown_publishers, self._settings.publishers)
            )
            heartbeat = partial(self._fatal_on_exit, self._heartbeat())
            others = self._start_vital([heartbeat], on_stuck=self._replace)
            self._lanes.start(self._run_of)
            works = [*(tracker.run for tracker in self._trackers), *self._listeners()]
            others += self._threads.start([partial(self._fatal_on_exit, work) for work in works])
            self._stopping.wait()
            self._shutdown(others)

    def run_once(self) -> list[PendingDeliveries]:
        """Deliver at most one batch for each publisher, then end.

        Returns:
            What each publisher has left pending, and why.
        """
        return self._run_to_end(lambda lane: lane.deliver_once)

    def drain(self) -> list[PendingDeliveries]:
        """Deliver all deliveries that are due, then end; those that wait for a retry stay.

        A rate limit makes it wait. A publisher that is paused, or whose circuit breaker is open,
        keeps its deliveries.

        Returns:
            What each publisher has left pending, and why.
        """
        return self._run_to_end(lambda lane: lane.drain)

    def _run_to_end(
        self, work_of: Callable[[Lane], Callable[[], PendingDeliveries]]
    ) -> list[PendingDeliveries]:
        """Run until all lanes have ended, and raise the first error."""
        found: dict[str, PendingDeliveries] = {}

        def work(lane: Lane) -> None:
            found[lane.alias] = work_of(lane)()  # the last of several lanes has the final state

        with single_instance():
            self._start_vital([], timeout=RECONNECT_TIMEOUT)
            self._lanes.start(lambda lane: partial(work, lane))
            wait_for(self._lanes.threads, stopping=self._stopping)
            # Where no relay runs for long, nothing else tracks the remote runs.
            trackers = [tracker.run_once for tracker in self._trackers]
            wait_for(self._threads.start(trackers), stopping=self._stopping)
            self.stop()
            self._shutdown([])
        return retry_on_disconnect(
            all_pending, found, self._settings, self._lanes.aliases, unknown=self._serves_all
        )

    def _new_lane(self, alias: str) -> Lane:
        return Lane(
            alias,
            self._settings,
            self._stopping,
            self._is_listening,
            tuning=self._tuning,
            counter=self._counter,
        )

    def _start_vital(
        self,
        works: Sequence[Work],
        *,
        on_stuck: Callable[[Lane], object] | None = None,
        timeout: float = math.inf,
    ) -> list[threading.Thread]:
        """Start the threads without which messages are sent twice or the relay is killed.

        They get their connections before all others, in case there are too few.

        Args:
            works: what to run in addition to the renewal of leases.
            on_stuck: called with a lane that is stuck.
            timeout: seconds to wait for their connections.

        Returns:
            The threads, except the one that renews the leases.
        """
        renew = partial(self._renewal.run, on_stuck=on_stuck)
        self._renewal_thread, *others = self._threads.start_connected(
            [renew, *works],
            backoff=partial(self._backoff, "connect to the database"),
            stopping=self._stopping,
            timeout=timeout,
        )
        return others

    def _replace(self, lane: Lane) -> None:
        """Let another lane take the place of one that is stuck, unless the relay stops."""
        if not self._stopping.is_set():
            self._lanes.replace(lane, self._run_of)

    def _heartbeat(self) -> Work:
        heartbeat = Heartbeat(
            self._lanes.aliases,
            is_stuck=lambda: self._lanes.has_stuck,
            counter=self._counter,
            stopping=self._stopping,
            tuning=self._tuning,
        )
        return heartbeat.run

    def _wake(self, notification: str) -> None:
        """Let the lanes or the tracker of a publisher poll at once."""
        self._lanes.wake(notification)
        self._trackers.wake(notification)

    def _wake_all(self) -> None:
        self._lanes.wake_all()
        self._trackers.wake_all()

    def _listeners(self) -> list[Work]:
        using = router.db_for_write(Delivery)
        if not (self._settings.notify and is_supported(using)):
            return []
        self._listener = Listener(
            using=using,
            wake=self._wake,
            wake_all=self._wake_all,
            is_listening=self._is_listening,
            stopping=self._stopping,
            tuning=self._tuning,
        )
        return [self._listener.run]

    def _run_of(self, lane: Lane) -> Work:
        return partial(self._fatal_on_exit, lane.run)

    def _fatal_on_exit(self, work: Work) -> None:
        """Run work that the relay depends on; if it fails, stop, so that a supervisor restarts."""
        try:
            work()
        except BaseException:
            logger.critical("A thread of the relay ended with an error; the relay stops.")
            self.stop()
            raise

    def _shutdown(self, others: Sequence[threading.Thread]) -> None:
        """Wait for the messages in flight; after the timeout, release the rest.

        Raises:
            BaseException: the first error that ended a thread.
        """
        timeout = self._settings.stop_timeout
        join([*self._lanes.threads, *others], timeout=timeout)
        for lane in self._lanes:
            token = lane.lease.token
            if token is not None:
                logger.warning("Publisher %s did not stop within %g s.", lane.alias, timeout)
                self._backoff("release its deliveries").run(
                    partial(release, lane.alias, token, self._stopping)
                )
        # Leases were renewed until here, so that no relay took over a message in flight.
        self._renewal.end()
        join([self._renewal_thread] if self._renewal_thread else [], timeout=timeout)
        self._backoff("count its deliveries").run(self._counter.flush)
        for error in self._threads.errors:
            raise error

    def _backoff(self, task: str) -> ErrorBackoff:
        return ErrorBackoff(task=task, stopping=self._stopping, wait=self._tuning.error_wait)
