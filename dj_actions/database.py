"""Survive a database that is away for a moment."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
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

NOTICING_DEAD_PEERS: Mapping[str, int] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""Parameters of libpq, in seconds and tries, the last one in milliseconds:
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS."""

P = ParamSpec("P")
T = TypeVar("T")


def forget_connections() -> None:
    """Close this thread's connections, dead or alive; Django opens new ones when needed."""
    for connection in connections.all(initialized_only=True):
        connection.close()


def notice_dead_peers(using: str) -> None:
    """Let connections of this process notice within a minute that a PostgreSQL answers no more.

    Where a machine or a network has gone without a word, they would wait for up to two hours
    else. What the OPTIONS of the database say counts more.

    Args:
        using: alias of the database.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        options = connection.settings_dict["OPTIONS"]
        connection.settings_dict["OPTIONS"] = {**NOTICING_DEAD_PEERS, **options}


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
