"""Relays that move when the test lets them: real lanes, each on its own thread and connection."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum, auto
from queue import SimpleQueue
from uuid import UUID

from django.db import OperationalError, connection, connections

from dj_actions.database import close_connections
from dj_actions.messages import Message, Receipt
from dj_actions.relay.lanes.lane import Lane
from tests.integration.relay.ordering.faults import Killed, PlannedFault, StatementFaults
from tests.integration.relay.scripted import accept

THREAD_TIMEOUT = 60
"""Seconds after which a thread counts as stuck."""

here = threading.local()


class Stop(Enum):
    """Why a relay stops without a message in hand."""

    IN_CLAIM = auto()
    """Its claim is executed, but not committed."""
    DONE = auto()
    """Its batch is settled or released, it found none, or it was killed."""


class Relay:
    """A lane on its own thread, which stops at each message until its outcome is decided."""

    def __init__(self) -> None:
        self.in_hand: Message | None = None
        """The message that it publishes at the moment."""
        self.is_in_claim = False
        """Whether it has stopped before the commit of a claim."""
        self.excused: set[int] = set()
        """Deliveries that the later ones of its batch need not wait for."""
        self.blocking: set[int] = set()
        """Dead letters that it knows of."""
        self.lane: Lane
        self._faults = StatementFaults(self._stop_in_claim)
        self._thread = ThreadPoolExecutor(max_workers=1, initializer=self._prepare)
        self._running: Future[bool]
        self._stops: SimpleQueue[Message | Stop] = SimpleQueue()
        self._outcomes: SimpleQueue[BaseException | None] = SimpleQueue()

    @property
    def lease_token(self) -> UUID | None:
        """The lease under which it holds its batch."""
        return self.lane.lease.token

    @property
    def is_dead(self) -> bool:
        """Whether it was killed."""
        return self._faults.is_dead

    def start(self, lane: Lane) -> None:
        """Start as a new process with this lane."""
        assert self.in_hand is None
        self.lane = lane
        self._faults.is_dead = False
        self.excused, self.blocking = set(), set()

    def plan(self, fault: PlannedFault | None) -> None:
        """Let this fault happen at one of its next statements."""
        self._faults.plan(fault)

    def begin(self, *, stops_in_claim: bool = False) -> None:
        """Claim a batch and start with its first message.

        Args:
            stops_in_claim: stop before the claim is committed.
        """
        self._faults.stops_in_claim = stops_in_claim
        self._running = self._thread.submit(self._work)
        self._wait()

    def resume(self, error: BaseException | None = None) -> None:
        """Let the message in hand arrive, or fail with this error; start with the next."""
        self._outcomes.put(error)
        self._wait()

    def kill(self) -> None:
        """End it like a killed process: it keeps what it holds and executes nothing more."""
        self._faults.is_dead = True
        self.resume(Killed())
        assert self.in_hand is None

    def run_freely(self) -> Future[bool]:
        """Deliver one batch without stops; return whether there was one, once it is done."""
        return self._thread.submit(self.lane.run_once)

    def hand_over(self, message: Message) -> Receipt:
        """Wait for the outcome; called by the publisher on the thread of the relay."""
        self._stops.put(message)
        error = self._outcomes.get(timeout=THREAD_TIMEOUT)
        if error:
            raise error
        return accept(message)

    def close(self) -> None:
        """End its thread."""
        self._thread.submit(connections.close_all).result(THREAD_TIMEOUT)
        self._thread.shutdown()

    def _prepare(self) -> None:
        here.relay = self
        connection.execute_wrappers.append(self._faults)

    def _stop_in_claim(self) -> None:
        self._stops.put(Stop.IN_CLAIM)
        self._outcomes.get(timeout=THREAD_TIMEOUT)

    def _work(self) -> bool:
        try:
            return self.lane.run_once()
        except Killed:
            return False
        except OperationalError:
            close_connections()  # and the lane would wait
            return False
        finally:
            self._stops.put(Stop.DONE)

    def _wait(self) -> None:
        stop = self._stops.get(timeout=THREAD_TIMEOUT)
        self.in_hand = None if isinstance(stop, Stop) else stop
        self.is_in_claim = stop is Stop.IN_CLAIM
        if stop is Stop.DONE:
            self._running.result(THREAD_TIMEOUT)


def hand_over(message: Message) -> Receipt:
    """Let the relay of this thread decide on the outcome."""
    relay: Relay = here.relay
    return relay.hand_over(message)


def run_until_idle(relays: Iterable[Relay]) -> None:
    """Let all relays deliver at the same time, until none finds anything."""
    while True:
        running = [relay.run_freely() for relay in relays]
        have_worked = [one.result(THREAD_TIMEOUT) for one in running]
        if not any(have_worked):
            break
