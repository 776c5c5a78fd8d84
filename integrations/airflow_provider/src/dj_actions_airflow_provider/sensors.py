"""Wait for an action, its deliveries, or the runs that they have started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from dj_actions_airflow_provider.airflow_compat import default_deferrable
from dj_actions_airflow_provider.errors import DeliveryFailed
from dj_actions_airflow_provider.hooks import DjActionsHook
from dj_actions_airflow_provider.links import EVENT_URL_KEY, DjActionLink
from dj_actions_airflow_provider.triggers import ActionEventTrigger
from dj_actions_airflow_provider.waiting import Condition, until_of

FILTERS = ("resource", "action", "object_id", "actor", "parent")
"""Arguments of the sensor that filter events; the API calls `object_id` just `object`."""


class DjActionSensor(BaseSensorOperator):
    """Waits for an event, and returns its id. The token needs the permission to view events.

    Give it either `event_id`, or some of `resource`, `action`, `object_id`, `actor` and `parent`:
    then it waits for an event of a successful action that matches all of them.

    Args:
        event_id: the id of an event.
        resource: what kind of object was acted on, such as `todo`.
        action: the name of the action.
        object_id: an object that was acted on.
        actor: id or name of who acted.
        parent: the id of the event that led to it.
        since: without `event_id`, ISO 8601: events before this time do not count.
        until: how far the event has to come: `recorded`, `delivered` (its deliveries have
            arrived) or `succeeded` (so have the runs that they have started). The task fails when
            that cannot come about any more: a delivery was given up, or a run has failed.
        publisher: with `until`, the only publisher whose delivery matters.
        deferrable: wait in the triggerer, without a worker.
        dj_actions_conn_id: id of a connection of type `dj_actions`.

    `poke_interval`, `timeout`, `mode` and `soft_fail` are those of every sensor; the interval is
    15 seconds by default.
    """

    template_fields: Sequence[str] = (
        "event_id",
        *FILTERS,
        "since",
        "publisher",
        "dj_actions_conn_id",
    )
    operator_extra_links = (DjActionLink(),)
    ui_color = "#e3f2fd"

    def __init__(
        self,
        *,
        event_id: str | None = None,
        resource: str | None = None,
        action: str | None = None,
        object_id: str | int | None = None,
        actor: str | None = None,
        parent: str | None = None,
        since: str | None = None,
        until: str = "recorded",
        publisher: str | None = None,
        deferrable: bool | None = None,
        dj_actions_conn_id: str = DjActionsHook.default_conn_name,
        poke_interval: timedelta | float = 15,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.event_id = event_id
        self.resource = resource
        self.action = action
        self.object_id = object_id
        self.actor = actor
        self.parent = parent
        self.since = since
        self.until = until_of(until).value
        self.publisher = publisher
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.dj_actions_conn_id = dj_actions_conn_id
        filters = (resource, action, object_id, actor, parent)
        if (event_id is None) == all(value is None for value in filters):
            raise ValueError(
                "Give the sensor either event_id, or some of resource, action, object_id, actor "
                "and parent."
            )

    @cached_property
    def hook(self) -> DjActionsHook:
        """The hook of the connection."""
        return DjActionsHook(self.dj_actions_conn_id)

    @property
    def condition(self) -> Condition:
        """What the sensor waits for."""
        given = {name: getattr(self, name) for name in FILTERS}
        filters = {
            name.removesuffix("_id"): str(value)
            for name, value in given.items()
            if value is not None
        }
        return Condition(
            event_id=self.event_id,
            filters={**filters, "outcome": "succeeded"} if filters else {},
            since=self.since,
            until=until_of(self.until),
            publisher=self.publisher,
        )

    def execute(self, context: Mapping[str, Any]) -> Any:
        """Wait on a worker, or in the triggerer."""
        if not self.deferrable:
            return super().execute(context)
        return self.defer(
            trigger=ActionEventTrigger(
                dj_actions_conn_id=self.dj_actions_conn_id,
                condition=self.condition,
                poll_interval=self.poke_interval,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )

    def poke(self, context: Mapping[str, Any]) -> PokeReturnValue:
        """Ask once.

        Raises:
            DeliveryFailed: what the task waits for cannot come about any more.
        """
        event = self.hook.find_event(self.condition)
        verdict = self.condition.verdict_on(event)
        if verdict.failure:
            raise DeliveryFailed(verdict.failure)
        if verdict.done and event:
            return self._found(context, event["id"])
        return PokeReturnValue(is_done=False)

    def execute_complete(self, context: Mapping[str, Any], event: Mapping[str, Any]) -> str:
        """Return the id of the event when the trigger has fired.

        Raises:
            DeliveryFailed: what the task has waited for cannot come about any more.
        """
        if event["status"] != "done":
            raise DeliveryFailed(event["message"])
        return str(self._found(context, event["event"]).xcom_value)

    def _found(self, context: Mapping[str, Any], event_id: str) -> PokeReturnValue:
        url = self.hook.settings.event_page(event_id)
        context["ti"].xcom_push(key=EVENT_URL_KEY, value=url)
        return PokeReturnValue(is_done=True, xcom_value=event_id)
