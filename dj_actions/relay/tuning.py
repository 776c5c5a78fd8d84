"""The intervals and limits of a relay: measured, not configured."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenacity.wait import WaitBaseT, wait_exponential

from dj_actions.outbox.wakeup import NOTIFY_MIN_INTERVAL


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayTuning:
    """The constants of a relay, its lanes and its trackers.

    They are not part of the DJ_ACTIONS setting: the defaults were measured and suit every
    project. Tests pass other values.
    """

    # Claiming

    full_scan_interval: float = 1.0
    """Seconds for which a busy lane claims only after its cursor before it claims from the start
    of the queue again. Deliveries that committed late or were released are before the cursor."""

    slow_scan_threshold: float = 0.1
    """Seconds from which on a claim from the start counts as slow: it steps over many dead index
    entries, which PostgreSQL cannot remove while a transaction holds an old snapshot."""

    full_scan_max_share: float = 0.05
    """Share of a lane's time that claims from the start may take; slow ones become rare."""

    initial_batch_size: int = 50
    """Deliveries that a lane claims at once in the beginning, unless BATCH_SIZE is less. While they
    are delivered quickly it claims more, up to BATCH_SIZE."""

    min_batch_size: int = 10
    """Deliveries that a lane claims at once at least, unless BATCH_SIZE is less: a publisher may
    send several messages in one request, which takes as long as a request for one."""

    max_batch_seconds: float = 0.5
    """Seconds from which on a batch counts as slow: the next one is smaller."""

    max_claim_attempts: int = 25
    """How often a lane tries to claim while others claim from the same part of the queue; one of
    them may be frozen in it."""

    claim_interval: float = 0.002
    """Seconds between two of these attempts: a claim takes milliseconds."""

    shared_window: float = 1.0
    """Seconds after such an attempt for which a lane claims from one part at a time."""

    locked_wait: float = 0.1
    """Seconds after which a drain tries to claim again what another session has locked."""

    max_locked_passes: int = 10
    """How often a drain does so in a row before it ends."""

    # Polling

    busy_window: float = 1.0
    """Seconds after the last batch during which a lane polls every `busy_poll_interval`."""

    busy_poll_interval: float = 0.004
    """Seconds between two polls of a lane that had work a moment ago."""

    idle_poll_factor: float = 5
    """How many times less often an idle lane polls while notifications reach it."""

    notify_min_interval: float = NOTIFY_MIN_INTERVAL
    """Seconds during which one process does not notify again; a lane that was woken polls once
    more when they have passed."""

    rescue_interval: float = 15.0
    """Most seconds between two searches for expired leases, see `rescue_interval_for`."""

    refresh_interval: float = 5.0
    """Seconds between two reads of the shared circuit breaker by a lane without work."""

    open_refresh_interval: float = 1.0
    """The same while it is open: a tracker may notice that its destination responds again."""

    # Leases

    stuck_after_leases: float = 10
    """Leases after which a lane that is still busy with one batch is stuck: it renews its lease
    no more, and another lane takes its place."""

    max_replaced_lanes: int = 10
    """Stuck lanes that one relay replaces; with more, its heartbeat stops."""

    # Settling

    min_receipt_delay: float = 0.05
    """Seconds for which receipts are collected, to be settled in one statement."""

    max_receipt_delay: float = 0.5
    """Seconds for which they are collected at most, if settling is slow. After a crash of the
    relay, these messages are sent again."""

    settling_max_share: float = 0.02
    """Share of a lane's time that settling may take while a batch is published; where it is slow,
    receipts are collected for longer."""

    # Errors

    error_wait: WaitBaseT = field(default_factory=lambda: wait_exponential(multiplier=1, max=10))
    """Seconds to wait after an error of the relay itself, for example a lost connection."""

    tracker_error_wait: WaitBaseT = field(
        default_factory=lambda: wait_exponential(multiplier=0.5, max=2)
    )
    """The same for a tracker; its maximum is how long it takes to notice the end of an outage."""

    unavailable_interval: float = 1.0
    """Seconds between two requests for changed runs while their destination is unavailable."""

    failures_to_open: int = 3
    """Different messages in a row that must fail before the circuit breaker opens: a single
    message may be the cause itself."""

    probe_wait: WaitBaseT = field(default_factory=lambda: wait_exponential(multiplier=1, max=30))
    """Seconds before the next probe of an open circuit breaker; its maximum is how long a
    repaired destination may go unnoticed."""

    max_retry_after: float = 3600.0
    """Seconds of a destination's `Retry-After` that are respected at most."""

    # Heartbeats and notifications

    heartbeat_interval: float = 5.0
    """Seconds between two heartbeats."""

    heartbeat_retention: float = 86_400.0
    """Seconds after which the heartbeat of a killed relay is deleted."""

    notification_timeout: float = 2.0
    """Seconds within which a test notification must arrive; otherwise a pooler drops them."""

    def rescue_interval_for(self, lease: float) -> float:
        """Return the seconds between two searches for expired leases.

        Args:
            lease: seconds that a lease lasts.
        """
        return min(self.rescue_interval, lease / 4)


DEFAULT_TUNING = RelayTuning()
