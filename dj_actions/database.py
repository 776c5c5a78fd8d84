"""Survive a database that is away for a moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.stop import stop_after_delay
from tenacity.wait import wait_random_exponential

logger = logging.getLogger(__name__)

TROUBLE = (OperationalError, InterfaceError)
"""What Django raises when the connection, not the statement, is at fault."""

PATIENCE = 20.0
"""Seconds to keep trying to write down an outcome; longer, and the lease decides."""

P = ParamSpec("P")
T = TypeVar("T")


def forget_connections() -> None:
    """Close this thread's connections, dead or alive; Django opens new ones when needed."""
    for connection in connections.all(initialized_only=True):
        connection.close()


def patiently(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call, and try again on a new connection while the database is away.

    Raises:
        OperationalError: it was away for over `PATIENCE` seconds.
    """

    def reconnect(state: RetryCallState) -> None:
        logger.warning("The database is away: %s", state.outcome and state.outcome.exception())
        forget_connections()

    retrying = Retrying(
        retry=retry_if_exception_type(TROUBLE),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        stop=stop_after_delay(PATIENCE),
        before_sleep=reconnect,
        reraise=True,
    )
    return retrying(call, *args, **kwargs)
