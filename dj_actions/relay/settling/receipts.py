"""The receipts of a batch, settled many at a time."""

from __future__ import annotations

import time
from uuid import UUID

from dj_actions.database import retry_on_disconnect
from dj_actions.models import Delivery
from dj_actions.outbox.attempts import Delivered
from dj_actions.policies import OnPoison
from dj_actions.relay.settling.settlement import log_lease_lost, send_delivery_settled
from dj_actions.relay.tuning import DEFAULT_TUNING, RelayTuning
from dj_actions.signals import delivery_settled
from dj_actions.states import DeliveryState


class ReceiptDelay:
    """How long receipts may wait: the longer, the more slowly the database settles them.

    A lane publishes nothing while it settles.

    Args:
        tuning: the limits, and the share of its time for which a lane may settle.
    """

    def __init__(self, tuning: RelayTuning = DEFAULT_TUNING) -> None:
        self._tuning = tuning
        self.seconds = self._within_limits(0.0)
        """Seconds from one settlement to the next."""

    def record(self, seconds: float) -> None:
        """Adapt to the time in seconds that a settlement took."""
        self.seconds = self._within_limits(seconds / self._tuning.settling_max_share)

    def _within_limits(self, seconds: float) -> float:
        return min(max(seconds, self._tuning.min_receipt_delay), self._tuning.max_receipt_delay)


class ReceiptBuffer:
    """Collects receipts and settles their deliveries in one statement.

    If the relay is killed before, those messages are sent once more; the destination recognizes
    their ids.

    Args:
        lease_token: the lease under which the deliveries are held.
        delay: the time after the last flush from which a receipt is settled at once, together with
            those that wait; None to settle each at once.
        on_poison: how a dead letter affects later deliveries, if the publisher keeps an order.
    """

    def __init__(
        self, lease_token: UUID, *, delay: ReceiptDelay | None, on_poison: OnPoison | None = None
    ) -> None:
        self.settled = 0
        """How many deliveries are settled."""
        self._lease_token = lease_token
        self._delay = delay
        self._supersedes = on_poison is OnPoison.SUPERSEDE
        self._receipts: list[Delivered] = []
        self._flushed_at = time.monotonic()

    @property
    def is_empty(self) -> bool:
        """Whether no receipt waits."""
        return not self._receipts

    def add(self, delivered: Delivered) -> bool:
        """Add a receipt, and flush if it is time; return whether the lease still holds."""
        self._receipts.append(delivered)
        return self.flush() if self._is_due() else True

    def flush(self) -> bool:
        """Settle the deliveries whose receipts wait; return whether the lease still held."""
        if not self._receipts:
            return True
        receipts, self._receipts = self._receipts, []
        started_at = time.monotonic()
        held = self._settle(receipts)
        self._flushed_at = time.monotonic()
        if self._delay:
            self._delay.record(self._flushed_at - started_at)
        is_whole = len(held) == len(receipts)
        # Thousands a second, mostly with nothing to say of each.
        if not is_whole or delivery_settled.has_listeners(Delivery):
            self._report(receipts, held)
        self.settled += len(held)
        return is_whole

    def _report(self, receipts: list[Delivered], held: set[int]) -> None:
        """Send the signal of each settled delivery, and log each one that was lost."""
        for delivery, _, _ in receipts:
            if delivery.pk in held:
                send_delivery_settled(delivery, DeliveryState.DELIVERED)
            else:
                log_lease_lost(delivery)

    def _is_due(self) -> bool:
        waited = time.monotonic() - self._flushed_at
        return self._delay is None or waited >= self._delay.seconds

    def _settle(self, receipts: list[Delivered]) -> set[int]:
        """Settle deliveries; return the keys of those that were still held."""
        rows = Delivery.objects
        settle = rows.supersede if self._supersedes else rows.mark_delivered
        return retry_on_disconnect(settle, self._lease_token, receipts)
