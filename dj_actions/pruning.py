"""Clear settled deliveries away, a few at a time; their events stay."""

from __future__ import annotations

from collections.abc import Iterator

from dj_actions.models import Delivery
from dj_actions.states import DeliveryState


def prune(state: DeliveryState, *, older_than: float, batch_size: int) -> Iterator[int]:
    """Delete deliveries that settled long ago; yield how many after each batch.

    Each batch is a transaction of its own, which locks nothing but its own rows. What others
    hold, and what a tracker still follows, stays.

    Args:
        state: delivered, cancelled or dead.
        older_than: seconds since they were settled, by the database's clock.
        batch_size: how many deliveries one transaction deletes.

    Raises:
        ValueError: in this state, deliveries are open.
    """
    last = 0
    while ids := Delivery.objects.prune(state, older_than, beyond=last, limit=batch_size):
        last = ids[-1]
        yield len(ids)
