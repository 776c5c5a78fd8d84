"""What Airflow keeps in different modules, depending on its release."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import BaseHook

try:
    from airflow.sdk.configuration import conf
    from airflow.sdk.exceptions import (
        AirflowException,
        AirflowFailException,
        AirflowSkipException,
    )
except ImportError:  # before 3.2
    from airflow.configuration import conf
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException

__all__ = ["AirflowException", "AirflowFailException", "AirflowSkipException", "conf"]


def default_deferrable() -> bool:
    """Return Airflow's setting for operators that may be deferrable."""
    deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False)
    return deferrable


async def get_connection_async(hook: BaseHook, conn_id: str) -> Any:
    """Return a connection without blocking the event loop of the triggerer."""
    if hasattr(hook, "aget_connection"):
        # Outside of tasks and triggers, it refuses: a script, or a test of a DAG in one process.
        with contextlib.suppress(RuntimeError):
            return await hook.aget_connection(conn_id)
    return await asyncio.to_thread(hook.get_connection, conn_id)
