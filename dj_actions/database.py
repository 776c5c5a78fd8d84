"""Connections to the database: retry when one is lost, and notice when one is dead."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.stop import stop_after_delay
from tenacity.wait import wait_random_exponential

logger = logging.getLogger(__name__)

CONNECTION_ERRORS = (OperationalError, InterfaceError)
"""Exceptions that Django raises when the connection is at fault, not the statement."""

RECONNECT_TIMEOUT = 20.0
"""Seconds for which `retry_on_disconnect` retries; after that, the lease of a delivery decides."""

LIBPQ_KEEPALIVES: Mapping[str, int] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""Connection parameters of libpq, in seconds and probes; `tcp_user_timeout` in milliseconds:
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS."""

CONCURRENT_CHANGE = frozenset({"40001", "40P01", "55P03"})
"""Codes for which a transaction is to be repeated: a serialization failure, as with the isolation
level REPEATABLE READ, a deadlock, or a lock that took too long:
https://www.postgresql.org/docs/current/errcodes-appendix.html."""

P = ParamSpec("P")
T = TypeVar("T")


def is_concurrent_change(error: BaseException) -> bool:
    """Return whether the database refused a transaction because of another one."""
    if not isinstance(error, DatabaseError):
        return False
    driver_error = error.__cause__
    code = getattr(driver_error, "sqlstate", None) or getattr(driver_error, "pgcode", None)
    name = str(getattr(driver_error, "sqlite_errorname", ""))
    return code in CONCURRENT_CHANGE or name.startswith("SQLITE_BUSY")


def outside_transactions(view: Callable[P, T]) -> Callable[P, T]:
    """Run a view outside of transactions, whatever ATOMIC_REQUESTS says: it uses the network."""
    for alias in connections.settings:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


def close_connections() -> None:
    """Close this thread's connections, working or broken; Django reopens them when needed."""
    for connection in connections.all(initialized_only=True):
        connection.close()


def enable_tcp_keepalive(using: str) -> None:
    """Make this process notice within a minute that a PostgreSQL server has become unreachable.

    Without keepalives, a query waits for up to two hours when a machine or a network fails
    silently. The OPTIONS of the database take precedence.

    Args:
        using: alias of the database.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        options = connection.settings_dict["OPTIONS"]
        connection.settings_dict["OPTIONS"] = {**LIBPQ_KEEPALIVES, **options}


def leave_pools() -> None:
    """Make this process open its own connections, instead of taking them from Django's pools.

    Each thread of a relay keeps its connection. In a pool with fewer connections than threads,
    some threads would never get one, such as the thread that renews the leases.
    """
    for connection in connections.all():
        options = connection.settings_dict.get("OPTIONS") or {}
        if options.get("pool"):
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]  # of backends that have pools
            connection.settings_dict["OPTIONS"] = {**options, "pool": False}


def retry_on_disconnect(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function, and retry it on a new connection while the database is unreachable.

    Raises:
        OperationalError: the database was unreachable for `RECONNECT_TIMEOUT` seconds.
    """

    def reconnect(state: RetryCallState) -> None:
        error = state.outcome and state.outcome.exception()
        logger.warning("Lost the connection to the database, reconnecting: %s", error)
        close_connections()

    retrying = Retrying(
        retry=retry_if_exception_type(CONNECTION_ERRORS),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        stop=stop_after_delay(RECONNECT_TIMEOUT),
        before_sleep=reconnect,
        reraise=True,
    )
    return retrying(call, *args, **kwargs)
