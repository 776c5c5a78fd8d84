"""Release what a lease still holds."""

from __future__ import annotations

import threading
from uuid import UUID

from django.db import router

from dj_actions.models import Delivery
from dj_actions.outbox.wakeup import wake_relays


def release(alias: str, token: UUID, stopping: threading.Event) -> None:
    """Release the deliveries that a lease still holds, as if they had never been claimed.

    Args:
        alias: their publisher.
        token: the lease token.
        stopping: if set, other relays are notified; otherwise the lane itself claims them again.
    """
    if Delivery.objects.release(token) and stopping.is_set():
        wake_relays([alias], using=router.db_for_write(Delivery))
