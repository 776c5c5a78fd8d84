"""Wake idle relays after a commit, at most once per publisher in `NOTIFY_MIN_INTERVAL`."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from functools import partial

from django.db import connections, transaction

from dj_actions.conf import get_settings
from dj_actions.outbox.notifications import notify

logger = logging.getLogger(__name__)

NOTIFY_MIN_INTERVAL = 0.5
"""Seconds between two notifications of one process for a publisher. A lane that was notified
polls once more after this time, so that it finds deliveries whose notification was left out."""

TRACKER_PREFIX = "tracker "
"""Begins a notification for the tracker of a publisher; others are for its lanes."""

_notified_at: dict[tuple[str, str], float] = {}
"""Database and publisher → when this process last sent a notification (monotonic clock)."""


def wake_relays(aliases: Sequence[str], *, using: str) -> None:
    """Wake the relays of some publishers once the current transaction has committed.

    Not within the transaction: PostgreSQL serializes the commits of transactions that notify.
    A lost notification only delays a delivery: relays also poll.

    Args:
        aliases: the publishers that have deliveries due.
        using: alias of the database.
    """
    connection = connections[using]
    # Django does not run on_commit callbacks for a transaction that it does not commit itself.
    can_notify = connection.vendor == "postgresql" and connection.commit_on_exit
    if aliases and can_notify and get_settings().notify:
        transaction.on_commit(partial(_notify, aliases, using), using=using)


def wake_trackers(aliases: Sequence[str], *, using: str) -> None:
    """Wake the trackers of some publishers once the current transaction has committed.

    Args:
        aliases: the publishers that have remote runs to check now.
        using: alias of the database.
    """
    wake_relays([f"{TRACKER_PREFIX}{alias}" for alias in aliases], using=using)


def wake_all_relays(*, using: str) -> None:
    """Wake the relays of all publishers once the current transaction has committed.

    Args:
        using: alias of the database.
    """
    wake_relays(list(get_settings().publishers), using=using)


def _notify(aliases: Sequence[str], using: str) -> None:
    if connections[using].in_atomic_block:
        return  # a test that runs on_commit callbacks within its transaction
    now = time.monotonic()
    due = [
        alias
        for alias in aliases
        if now - _notified_at.get((using, alias), -math.inf) >= NOTIFY_MIN_INTERVAL
    ]
    if not due:
        return
    _notified_at.update({(using, alias): now for alias in due})
    try:
        notify(due, using=using)
    except Exception as error:  # noqa: BLE001 - the action has committed, and relays also poll
        logger.warning(
            "Could not notify relays; they will pick this up on their next poll: %s", error
        )
