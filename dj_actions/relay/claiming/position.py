"""Which part of the queue a lane claims from, alone or while other relays claim, too."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from dj_actions.outbox.claimed import CLAIM_PARTS, Claimed, Cursor, Scan
from dj_actions.relay.claiming.cursor import ClaimCursor
from dj_actions.relay.tuning import RelayTuning

ScanPart = Callable[[int | None, Cursor | None], Scan]
"""Claims deliveries of one part of the ordering keys, or of all, after a position in the queue."""


class ClaimPosition:
    """Claims from the whole queue; while other relays claim in order too, from one part at a time.

    Only one relay at a time claims from a part of the ordering keys. A relay that finds another
    one at work takes the parts in turn, so that several can claim at once.
    """

    def __init__(self, tuning: RelayTuning) -> None:
        self._tuning = tuning
        self._whole = ClaimCursor(tuning)
        self._parts = [ClaimCursor(tuning) for _ in range(CLAIM_PARTS)]
        self._next_part = 0
        self._shared_until = 0.0

    @property
    def is_slow(self) -> bool:
        """Whether the last scan from the start of the queue was slow."""
        return self._whole.is_slow or any(cursor.is_slow for cursor in self._parts)

    def claim(self, scan_part: ScanPart) -> list[Claimed]:
        """Claim a batch; wait a moment for other relays that claim."""
        for _ in range(self._tuning.max_claim_attempts):
            scans = self._scan(scan_part)
            if scans[-1].deliveries or not any(scan.is_busy for scan in scans):
                return scans[-1].deliveries
            self._shared_until = time.monotonic() + self._tuning.shared_window
            time.sleep(self._tuning.claim_interval)
        return []

    def rewind(self) -> bool:
        """Return to the start of the queue; return False if that is where it is already."""
        moved = [cursor.rewind() for cursor in (self._whole, *self._parts)]
        return any(moved)

    def _scan(self, scan_part: ScanPart) -> Sequence[Scan]:
        """Claim from the whole queue, or part by part until there is something."""
        if time.monotonic() >= self._shared_until:
            return [self._whole.claim(partial(scan_part, None))]
        scans: list[Scan] = []
        while len(scans) < CLAIM_PARTS and not (scans and scans[-1].deliveries):
            part = self._next_part
            self._next_part = (part + 1) % CLAIM_PARTS
            scans.append(self._parts[part].claim(partial(scan_part, part)))
        return scans
