"""Call a project's actions and read its events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar

import httpx
from airflow.sdk import BaseHook

from dj_actions_airflow_provider.airflow_compat import AirflowException, get_connection_async
from dj_actions_airflow_provider.api_answers import (
    ActionOutcome,
    Answer,
    action_outcome,
    event_of,
    json_of,
    newest_event_of,
    raise_for_status,
)
from dj_actions_airflow_provider.api_requests import (
    ActionCall,
    ApiRequest,
    action_request,
    catalogue_request,
    event_request,
    hint_request,
    newest_event_request,
)
from dj_actions_airflow_provider.errors import RequestRefused
from dj_actions_airflow_provider.settings import Settings
from dj_actions_airflow_provider.transport import client_options, send, send_async
from dj_actions_airflow_provider.waiting import Condition


class DjActionsHook(BaseHook):
    """A project that uses DJ Actions, as a machine calls it.

    Each method raises RequestFailed for what may pass, RequestRefused for what no retry changes,
    and InvalidConnection for a connection that cannot be used. Those whose name ends with
    `_async` do the same without blocking the event loop; call `close_async` after them.

    Args:
        dj_actions_conn_id: id of a connection of type `dj_actions`.
    """

    conn_name_attr: ClassVar[str] = "dj_actions_conn_id"
    default_conn_name: ClassVar[str] = "dj_actions_default"
    conn_type: ClassVar[str] = "dj_actions"
    hook_name: ClassVar[str] = "DJ Actions"

    def __init__(self, dj_actions_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.dj_actions_conn_id = dj_actions_conn_id
        self._async_settings: Settings | None = None
        self._async_client: httpx.AsyncClient | None = None

    @cached_property
    def settings(self) -> Settings:
        """The connection as typed values."""
        return Settings.of(self.get_connection(self.dj_actions_conn_id))

    def get_conn(self) -> httpx.Client:
        """Return a client for this connection, which the caller closes."""
        return httpx.Client(**client_options(self.settings))

    def run_action(self, call: ActionCall) -> ActionOutcome:
        """Run an action and return its outcome."""
        return action_outcome(self._send(action_request(self.settings, call)))

    async def run_action_async(self, call: ActionCall) -> ActionOutcome:
        """Run an action and return its outcome."""
        request = action_request(await self.get_settings_async(), call)
        return action_outcome(await self._send_async(request))

    def get_event(self, event_id: str) -> Mapping[str, Any]:
        """Return an event with its deliveries. Requires the permission to view events."""
        return event_of(self._send(event_request(self.settings, event_id)))

    async def get_event_async(self, event_id: str) -> Mapping[str, Any]:
        """Return an event with its deliveries. Requires the permission to view events."""
        request = event_request(await self.get_settings_async(), event_id)
        return event_of(await self._send_async(request))

    def find_event(self, condition: Condition) -> Mapping[str, Any] | None:
        """Return the event that a task waits for; None if there is none yet."""
        if condition.event_id is not None:
            return self.get_event(condition.event_id)
        return newest_event_of(self._send(newest_event_request(self.settings, condition.filters)))

    async def find_event_async(self, condition: Condition) -> Mapping[str, Any] | None:
        """Return the event that a task waits for; None if there is none yet."""
        if condition.event_id is not None:
            return await self.get_event_async(condition.event_id)
        request = newest_event_request(await self.get_settings_async(), condition.filters)
        return newest_event_of(await self._send_async(request))

    def send_hint(self, hint: Mapping[str, str], *, seconds: float | None = None) -> None:
        """Let the project check the runs of an event.

        Args:
            hint: `event_id`, `dag_id` and `run_id`; `task_id` and `exception` if one has failed.
            seconds: how long it may take; by default as long as the connection says.
        """
        request = hint_request(self.settings, hint, now=int(time.time()))
        raise_for_status(self._send(request, seconds=seconds))

    def test_connection(self) -> tuple[bool, str]:
        """Return whether the token is accepted, and what it may do, as Airflow's form shows it."""
        try:
            return True, self._describe_access()
        except AirflowException as error:
            return False, str(error)

    async def get_settings_async(self) -> Settings:
        """Return the connection as typed values, without blocking the event loop."""
        if self._async_settings is None:
            connection = await get_connection_async(self, self.dj_actions_conn_id)
            self._async_settings = Settings.of(connection)
        return self._async_settings

    async def close_async(self) -> None:
        """Close the connections of the methods that do not block."""
        client, self._async_client = self._async_client, None
        if client is not None:
            await client.aclose()

    def _describe_access(self) -> str:
        """Return a sentence about the actions that can be called.

        Raises:
            AirflowException: the token is refused, or a path is none of its resource.
        """
        settings = self.settings
        if not settings.paths:
            self._require_accepted_token()
            return f"Connected to {settings.base_url}; the token is valid. No paths are set yet."
        found = [f"{resource}: {self._actions_of(resource)}" for resource in settings.paths]
        return f"Connected to {settings.base_url}. {'; '.join(found)}."

    def _require_accepted_token(self) -> None:
        """Ask for events, which the token may not be allowed to read."""
        try:
            self.find_event(Condition())
        except RequestRefused as error:
            if error.status != HTTPStatus.FORBIDDEN:
                raise

    def _actions_of(self, resource: str) -> str:
        request = catalogue_request(self.settings, resource)
        listing = json_of(self._send(request))
        if not isinstance(listing, dict) or listing.get("resource") != resource:
            found = listing.get("resource") if isinstance(listing, dict) else None
            raise AirflowException(
                f"{request.url} lists the actions of {found!r}, not of {resource!r}. Correct the "
                "paths of the connection."
            )
        entries = [*listing.get("bulk_actions", []), *listing.get("instance_actions", [])]
        return ", ".join(str(entry.get("id")) for entry in entries) or "no actions"

    def _send(self, request: ApiRequest, *, seconds: float | None = None) -> Answer:
        with self.get_conn() as client:
            return send(client, request, seconds=seconds or self.settings.timeout)

    async def _send_async(self, request: ApiRequest) -> Answer:
        settings = await self.get_settings_async()
        if self._async_client is None:
            self._async_client = httpx.AsyncClient(**client_options(settings))
        return await send_async(self._async_client, request, seconds=settings.timeout)
