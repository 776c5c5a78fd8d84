"""Run an action of a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from airflow.sdk import BaseOperator

from dj_actions_airflow_provider.airflow_compat import (
    AirflowFailException,
    AirflowSkipException,
    default_deferrable,
)
from dj_actions_airflow_provider.api_requests import ActionCall
from dj_actions_airflow_provider.errors import DeliveryFailed
from dj_actions_airflow_provider.hooks import DjActionsHook
from dj_actions_airflow_provider.links import EVENT_URL_KEY, DjActionLink
from dj_actions_airflow_provider.polling import wait_for
from dj_actions_airflow_provider.run_context import idempotency_key_of, parent_of_run
from dj_actions_airflow_provider.triggers import ActionEventTrigger
from dj_actions_airflow_provider.waiting import Condition, Until, until_of


class DjActionOperator(BaseOperator):
    """Runs an action, once however often the task is tried.

    The task returns `{"event": id, "status": 200, "result": …, "replayed": false}`. Its event has
    the event that started the run as its parent, so the chain action → run → action is one.

    Args:
        resource: what kind of object is acted on, such as `todo`.
        action: the name of the action, such as `mark_done`.
        object_id: the object of an action on one object.
        object_ids: the objects of a bulk action; the task is skipped if there are none.
        data: the input of the action.
        path: path of the resource's collection, such as `/todos/`; by default the connection's.
        wait_until: also wait until the event's deliveries are `delivered`, or until the runs that
            they have started have `succeeded`. The token needs the permission to view events.
        publisher: with `wait_until`, the only publisher whose delivery matters.
        wait_timeout: with `wait_until`, how long to wait at most.
        poll_interval: with `wait_until`, seconds between two requests.
        deferrable: wait in the triggerer, without a worker.
        idempotency_key: of all calls with the same key, only the first runs the action. By default
            it is made of the DAG, the run, the task and the map index: a task that is cleared
            returns the result of its first run. Give it a key of its own to run it again.
        parent: the id of the event that led to this action; by default the one that started the
            run, and an empty string for none.
        dj_actions_conn_id: id of a connection of type `dj_actions`.
    """

    template_fields: Sequence[str] = (
        "resource",
        "action",
        "object_id",
        "object_ids",
        "data",
        "path",
        "publisher",
        "idempotency_key",
        "parent",
        "dj_actions_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"data": "json"}
    operator_extra_links = (DjActionLink(),)
    ui_color = "#e8f5e9"

    def __init__(
        self,
        *,
        resource: str,
        action: str,
        object_id: str | int | None = None,
        object_ids: Sequence[str | int] | None = None,
        data: Mapping[str, Any] | None = None,
        path: str | None = None,
        wait_until: str | None = None,
        publisher: str | None = None,
        wait_timeout: timedelta = timedelta(hours=1),
        poll_interval: float = 5.0,
        deferrable: bool | None = None,
        idempotency_key: str | None = None,
        parent: str | None = None,
        dj_actions_conn_id: str = DjActionsHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.resource = resource
        self.action = action
        self.object_id = object_id
        self.object_ids = object_ids
        self.data = data
        self.path = path
        self.wait_until = None if wait_until is None else until_of(wait_until).value
        self.publisher = publisher
        self.wait_timeout = wait_timeout
        self.poll_interval = poll_interval
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.idempotency_key = idempotency_key
        self.parent = parent
        self.dj_actions_conn_id = dj_actions_conn_id
        if object_id is not None and object_ids is not None:
            raise ValueError("Give an action object_id or object_ids, not both.")

    @cached_property
    def hook(self) -> DjActionsHook:
        """The hook of the connection."""
        return DjActionsHook(self.dj_actions_conn_id)

    def execute(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """Run the action, and wait for what follows if the task is to.

        Raises:
            AirflowSkipException: `object_ids` is empty.
        """
        if self.object_ids is not None and not self.object_ids:
            raise AirflowSkipException("There is no object to act on.")
        outcome = self.hook.run_action(self._call(context))
        self.log.info(
            "%s.%s %s. Event: %s",
            self.resource,
            self.action,
            "had run in an earlier try" if outcome.replayed else "has run",
            outcome.event,
        )
        if outcome.event:
            url = self.hook.settings.event_page(outcome.event)
            context["ti"].xcom_push(key=EVENT_URL_KEY, value=url)
        if self.wait_until is None:
            return outcome.as_dict()
        return self._wait(outcome.as_dict(), Until(self.wait_until))

    def execute_complete(
        self,
        context: Mapping[str, Any],  # noqa: ARG002 - Airflow passes it
        event: Mapping[str, Any],
        outcome: dict[str, Any],
    ) -> dict[str, Any]:
        """Return the outcome of the action when the trigger has fired.

        Raises:
            DeliveryFailed: what the task has waited for cannot come about any more.
        """
        if event["status"] != "done":
            raise DeliveryFailed(f"Event {outcome['event']}: {event['message']}")
        return outcome

    def _wait(self, outcome: dict[str, Any], until: Until) -> dict[str, Any]:
        condition = Condition(event_id=outcome["event"], until=until, publisher=self.publisher)
        if self.deferrable:
            self.defer(
                trigger=ActionEventTrigger(
                    dj_actions_conn_id=self.dj_actions_conn_id,
                    condition=condition,
                    poll_interval=self.poll_interval,
                ),
                method_name="execute_complete",
                kwargs={"outcome": outcome},
                timeout=self.wait_timeout,
            )
        wait_for(self.hook, condition, timeout=self.wait_timeout, interval=self.poll_interval)
        return outcome

    def _call(self, context: Mapping[str, Any]) -> ActionCall:
        parent = parent_of_run(context) if self.parent is None else self.parent
        return ActionCall(
            resource=self.resource,
            action=self.action,
            object_id=self.object_id,
            object_ids=self._checked_ids(),
            data=self._checked_data(),
            path=self.path,
            idempotency_key=self.idempotency_key or idempotency_key_of(context),
            parent=parent or None,
        )

    def _checked_ids(self) -> Sequence[str | int] | None:
        if isinstance(self.object_ids, str):
            raise AirflowFailException(
                f"object_ids is the text {self.object_ids!r}, not a list. Pass the output of a "
                "task, or set render_template_as_native_obj on the DAG."
            )
        return self.object_ids

    def _checked_data(self) -> Mapping[str, Any]:
        data = {} if self.data is None else self.data
        if not isinstance(data, Mapping):
            raise AirflowFailException(f"data is {data!r}, not a dictionary.")
        if "ids" in data and self.object_ids is not None:
            raise AirflowFailException("data has ids, and object_ids is given too. Use only one.")
        return data
