"""Wait for an event on a worker."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from dj_actions_airflow_provider.errors import DeliveryFailed, RequestFailed, WaitTimeout
from dj_actions_airflow_provider.hooks import DjActionsHook
from dj_actions_airflow_provider.waiting import Condition, Verdict

logger = logging.getLogger(__name__)


def wait_for(
    hook: DjActionsHook, condition: Condition, *, timeout: timedelta, interval: float
) -> None:
    """Return when an event has come far enough.

    Raises:
        DeliveryFailed: it cannot come that far any more.
        WaitTimeout: it has not within `timeout`.
    """
    deadline = time.monotonic() + timeout.total_seconds()
    while not (verdict := _ask(hook, condition)).done:
        if verdict.failure:
            raise DeliveryFailed(f"Event {condition.event_id}: {verdict.failure}")
        if time.monotonic() + interval > deadline:
            raise WaitTimeout(f"Event {condition.event_id} is not {condition.until} yet.")
        time.sleep(interval)


def _ask(hook: DjActionsHook, condition: Condition) -> Verdict:
    try:
        return condition.verdict_on(hook.find_event(condition))
    except RequestFailed as error:
        logger.warning("Asking again: %s", error)
        return Verdict()
