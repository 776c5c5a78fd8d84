"""Tell relays that there is something to deliver: once it is committed, and not too often."""

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

SILENCE = 0.5
"""Seconds for which a process does not wake the relays of a publisher again: a lane that it has
woken looks once more when they are over, or more often if there was something for it."""

_told_at: dict[tuple[str, str], float] = {}
"""Database and publisher → when this process has told of them last, by its own clock."""


def announce(aliases: Sequence[str], *, using: str) -> None:
    """Wake the relays of these publishers once the present transaction has committed.

    Never within it: PostgreSQL lets transactions that notify commit one after another. Nothing
    depends on it either: a relay that hears nothing looks by itself, now and then.

    Args:
        aliases: the publishers that have something to deliver.
        using: alias of the database.
    """
    connection = connections[using]
    # Of a transaction that Django does not commit itself, it does not say when that happens.
    is_told = connection.vendor == "postgresql" and connection.commit_on_exit
    if aliases and is_told and get_settings().notify:
        transaction.on_commit(partial(_tell, aliases, using), using=using)


def announce_all(*, using: str) -> None:
    """Wake all relays once the present transaction has committed, see `announce`.

    Args:
        using: alias of the database.
    """
    announce(list(get_settings().publishers), using=using)


def _tell(aliases: Sequence[str], using: str) -> None:
    if connections[using].in_atomic_block:
        return  # a test that calls what waits for a commit, within a transaction
    now = time.monotonic()
    silent = [
        alias for alias in aliases if now - _told_at.get((using, alias), -math.inf) >= SILENCE
    ]
    if not silent:
        return
    _told_at.update({(using, alias): now for alias in silent})
    try:
        notify(silent, using=using)
    except Exception as error:  # noqa: BLE001 - the action has committed, and nothing is lost
        logger.warning("The relay could not be woken, and will look by itself: %s", error)
