"""A lane: one thread of a relay that serves one publisher, and nothing else."""

from __future__ import annotations

import logging
import threading
import time
from uuid import UUID

from dj_actions.conf import PublisherSettings, Settings
from dj_actions.database import retry_on_disconnect
from dj_actions.exceptions import text_of
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox.claimed import Claimed, Cursor
from dj_actions.outbox.wakeup import NOTIFY_MIN_INTERVAL
from dj_actions.policies import Ordering
from dj_actions.publishers import publishers
from dj_actions.relay.circuit_breaker import Breaker
from dj_actions.relay.delivery import deliver
from dj_actions.relay.rescue import rescue
from dj_actions.relay.resilience import Enduring, Periodically
from dj_actions.relay.settlement import Batch

logger = logging.getLogger(__name__)

MOST_LEASES = 10
"""How many leases long a batch may take before others may take it over: its publisher hangs."""


RESCUE_INTERVAL = 15.0
"""Seconds between two looks for leases that have run out."""

REFRESH_INTERVAL = 5.0
"""Seconds between two looks, of a lane without work, at what others say of its publisher."""

LOOK_FROM_START = 1.0
"""Seconds for which a busy lane skips the part of the line that it has claimed already."""

SLOW_START = 0.1
"""Seconds: a claim from the start that takes longer walks past very many dead entries."""

RARELY = 20
"""A claim from the start takes at most one in so many seconds."""

QUIET = 5
"""A lane that is told of new work looks so many times less often than `POLL_INTERVAL` says."""

LIVELY = 1.0
LIVELY_INTERVAL = 0.004
"""Seconds: so often it looks for more, for so long after the last batch."""


class Lane:
    """Claims, delivers and settles the deliveries of one publisher.

    Args:
        alias: the publisher.
        settings: the DJ_ACTIONS setting.
        stopping: set when the relay wants to end.
        hearing: set while somebody would wake it, should there be new work.
    """

    def __init__(
        self,
        alias: str,
        settings: Settings,
        stopping: threading.Event,
        hearing: threading.Event | None = None,
    ) -> None:
        self.alias = alias
        self.token: UUID | None = None
        """The lease under which it holds deliveries at this moment."""
        self.is_replaced = False
        """Whether another lane does its work, because its publisher hangs."""
        self._settings = settings
        self._own: PublisherSettings = settings.publishers[alias]
        is_ordered = self._own.ordering is Ordering.KEY
        self._on_poison = self._own.on_poison if is_ordered else None
        self._stopping = stopping
        self._hearing = hearing or threading.Event()
        self._woken = threading.Event()
        self._enduring = Enduring(f"deliver to {alias}", stopping)
        self._resting = Enduring(f"find out when something is due for {alias}", stopping)
        self._woken_at = -NOTIFY_MIN_INTERVAL
        self._breaker = Breaker(alias)
        self._busy_since = 0.0
        self._busy_at = -LIVELY
        self._behind: Cursor | None = None
        self._from_start_at = 0.0
        self._is_start_slow = False
        self._rescue = Periodically(
            min(RESCUE_INTERVAL, settings.lease / 4), lambda: rescue(alias, self._own.retry)
        )
        self._refresh = Periodically(REFRESH_INTERVAL, self._breaker.refresh)

    def run(self) -> None:
        """Work until the relay stops."""
        self._prepare()
        while not (self._stopping.is_set() or self.is_replaced):
            found = self._enduring.call(self.run_once)
            if found:
                self._busy_at = time.monotonic()
            elif found is not None:  # else it has failed, and waited already
                self._rest()

    def wake(self) -> None:
        """Let it look at once: there may be work, or it is to end."""
        self._woken.set()

    def drain(self) -> None:
        """Work until nothing is due, nothing can be sent, or the relay stops."""
        while not self._stopping.is_set():
            if retry_on_disconnect(self.run_once):
                continue
            if self._behind is None:
                break
            self._behind = None  # what has come late, or was given back, stands further in front

    def run_once(self) -> bool:
        """Deliver one batch; return whether there was anything to do.

        Raises:
            InvalidSetting: the publisher cannot be made here; other relays may be set up well.
        """
        self._rescue.now_and_then()
        if self._breaker.remaining():
            self._refresh.now_and_then()
            return False
        publisher = publishers[self.alias]
        claimed = self._claim()
        if not claimed:
            self._refresh.now_and_then()
            return False
        batch = Batch(
            deliveries=claimed,
            publisher=publisher,
            policy=self._own.retry,
            breaker=self._breaker,
            on_poison=self._on_poison,
        )
        self._busy_since, self.token = time.monotonic(), batch.token
        try:
            deliver(batch, self._stopping)
        finally:
            self.token = None
        return True

    def _claim(self) -> list[Claimed]:
        """Claim a batch; one message, if the breaker is half open."""
        if self._breaker.is_closed:
            return self._claim_allowed()
        if not self._breaker.take_probe(seconds=self._settings.lease):
            self._breaker.refresh()
            return []
        claimed = Delivery.objects.claim(
            self.alias, limit=1, lease=self._settings.lease, probing=True, on_poison=self._on_poison
        )
        if not claimed:
            self._breaker.return_probe()
        return claimed

    def _claim_allowed(self) -> list[Claimed]:
        """Claim as many as the rate limit allows now."""
        rate, wanted = self._own.rate_limit, self._own.batch_size
        if rate is None:
            return self._claim_in_line(wanted)
        if not Delivery.objects.due(self.alias).exists():
            return []  # an allowance is written down, also one that nobody needs
        allowed = PublisherState.objects.take_allowance(self.alias, wanted=wanted, rate=rate)
        claimed = self._claim_in_line(allowed) if allowed else []
        unused = allowed - len(claimed)
        if unused:
            PublisherState.objects.return_allowance(self.alias, unused=unused, rate=rate)
        return claimed

    def _claim_in_line(self, limit: int) -> list[Claimed]:
        """Claim behind what was claimed last; now and then, and in the end, from the start.

        While somebody holds a snapshot, what was claimed leaves dead index entries at the start.
        Once it takes long to get past them, that is done seldom: also by a lane without work.
        """
        place = None if time.monotonic() >= self._from_start_at else self._behind
        claimed = self._claim_behind(place, limit)
        if not claimed and place and not self._is_start_slow:
            claimed = self._claim_behind(None, limit)
        if claimed:
            self._behind = (claimed[-1].available_at, claimed[-1].pk)
        elif not self._is_start_slow:
            self._behind = None
        return claimed

    def _claim_behind(self, place: Cursor | None, limit: int) -> list[Claimed]:
        started = time.monotonic()
        claimed = Delivery.objects.claim(
            self.alias,
            limit=limit,
            lease=self._settings.lease,
            after=place,
            on_poison=self._on_poison,
        )
        if place is None:
            now = time.monotonic()
            self._is_start_slow = now - started > SLOW_START
            self._from_start_at = now + max(LOOK_FROM_START, (now - started) * RARELY)
        return claimed

    def _rest(self) -> None:
        """Wait until there may be more."""
        if self._woken.wait(self._pause()):
            self._woken.clear()
            self._woken_at = time.monotonic()

    def _pause(self) -> float:
        """Return the seconds to wait for more: few, while there was something a moment ago."""
        now, usual = time.monotonic(), self._settings.poll_interval
        if now - self._busy_at < LIVELY:
            return min(LIVELY_INTERVAL, usual)
        if now - self._woken_at < NOTIFY_MIN_INTERVAL:
            # Another lane may have what it was woken for, and nobody tells of what comes next.
            return min(NOTIFY_MIN_INTERVAL, usual)
        if self._breaker.remaining() or self._is_start_slow or not self._hearing.is_set():
            return usual
        return self._resting.call(self._quiet_for) or usual

    def _quiet_for(self) -> float:
        """Return the seconds until something is due, or it is time to look all the same."""
        usual, due_in = self._settings.poll_interval, Delivery.objects.due_in(self.alias)
        longest = min(usual * QUIET, max(usual, self._rescue.interval))
        return longest if due_in is None else max(0.0, min(due_in, longest))

    def renew_lease(self) -> None:
        """Prolong the lease of what it holds; called by the relay while the lane is busy."""
        token = self.token
        if token and not self.hangs:
            Delivery.objects.renew(token, lease=self._settings.lease)

    @property
    def hangs(self) -> bool:
        """Whether its publisher has been busy with one batch for far too long."""
        busy_for = time.monotonic() - self._busy_since
        return self.token is not None and busy_for >= MOST_LEASES * self._settings.lease

    def _prepare(self) -> None:
        try:
            publishers[self.alias].prepare()
        except BaseException as error:  # noqa: BLE001 - the first delivery will say it again, with effect
            logger.warning("Publisher %s is not ready: %s", self.alias, text_of(error))
