"""Wait for an event without a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from dj_actions_airflow_provider.airflow_compat import AirflowFailException
from dj_actions_airflow_provider.errors import RequestFailed
from dj_actions_airflow_provider.hooks import DjActionsHook
from dj_actions_airflow_provider.waiting import Condition, Until


class ActionEventTrigger(BaseTrigger):
    """Polls the events API until an event has come far enough.

    What may pass, such as an outage, is logged and polled again: the task's timeout ends it. The
    trigger's event has `status` (`done`, or `failed` with a `message`) and `event`, its id.

    Args:
        dj_actions_conn_id: id of the connection.
        condition: what the task waits for, as a Condition or as its fields.
        poll_interval: seconds between two requests.
    """

    def __init__(
        self,
        *,
        dj_actions_conn_id: str,
        condition: Condition | dict[str, Any],
        poll_interval: float = 5.0,
    ) -> None:
        super().__init__()
        self.dj_actions_conn_id = dj_actions_conn_id
        self.poll_interval = poll_interval
        if isinstance(condition, dict):
            condition = Condition(**{**condition, "until": Until(condition["until"])})
        self.condition = condition

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and its arguments, for the triggerer."""
        arguments = {
            "dj_actions_conn_id": self.dj_actions_conn_id,
            "condition": {**asdict(self.condition), "until": self.condition.until.value},
            "poll_interval": self.poll_interval,
        }
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event: that the task can go on, or why it never will."""
        hook = DjActionsHook(self.dj_actions_conn_id)
        try:
            while (payload := await self._poll(hook)) is None:
                await asyncio.sleep(self.poll_interval)
            yield TriggerEvent(payload)
        finally:
            await hook.close_async()

    async def _poll(self, hook: DjActionsHook) -> dict[str, Any] | None:
        """Return the payload of the trigger's event, or None to go on waiting."""
        try:
            event = await hook.find_event_async(self.condition)
        except RequestFailed as error:
            self.log.warning("Asking again in %g seconds: %s", self.poll_interval, error)
            return None
        except AirflowFailException as error:
            return {"status": "failed", "message": str(error), "event": self.condition.event_id}
        verdict = self.condition.verdict_on(event)
        found = event["id"] if event else None
        if verdict.failure:
            return {"status": "failed", "message": verdict.failure, "event": found}
        return {"status": "done", "event": found} if verdict.done else None
