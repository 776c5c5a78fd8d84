"""Where in the queue a lane claims from."""

from __future__ import annotations

import time
from collections.abc import Callable

from dj_actions.outbox.claimed import Cursor, Scan
from dj_actions.relay.tuning import RelayTuning

ScanFrom = Callable[[Cursor | None], Scan]
"""Claims deliveries after a position in the queue, or from its start."""


class ClaimCursor:
    """Lets a busy lane claim after its last claim, and periodically from the start.

    Claimed rows leave dead index entries at the start of the queue, which PostgreSQL keeps while
    a transaction holds an old snapshot. Claiming after the cursor skips them. Deliveries that
    committed late, or were released, are before the cursor: a full scan finds them. When full
    scans are slow they become rare, for an idle lane too.
    """

    def __init__(self, tuning: RelayTuning) -> None:
        self.is_slow = False
        """Whether the last full scan exceeded `slow_scan_threshold`."""
        self._tuning = tuning
        self._after: Cursor | None = None
        self._full_scan_at = 0.0

    def claim(self, scan_from: ScanFrom) -> Scan:
        """Claim a batch, and move to the last delivery that was read."""
        is_full_scan_due = time.monotonic() >= self._full_scan_at
        after = None if is_full_scan_due else self._after
        scan = scan_from(after) if after else self._scan_from_start(scan_from)
        if not (scan.deliveries or scan.is_busy) and after and not self.is_slow:
            scan = self._scan_from_start(scan_from)
        if scan.is_busy:
            return scan
        if scan.deliveries:
            self._after = scan.end
        elif not self.is_slow:
            self._after = None
        return scan

    def rewind(self) -> bool:
        """Return to the start of the queue; return False if the cursor is there already."""
        is_moved = self._after is not None
        self._after = None
        return is_moved

    def _scan_from_start(self, scan_from: ScanFrom) -> Scan:
        started_at = time.monotonic()
        scan = scan_from(None)
        if scan.is_busy:
            return scan
        now = time.monotonic()
        seconds = now - started_at
        self.is_slow = seconds > self._tuning.slow_scan_threshold
        pause = max(self._tuning.full_scan_interval, seconds / self._tuning.full_scan_max_share)
        self._full_scan_at = now + pause
        return scan
