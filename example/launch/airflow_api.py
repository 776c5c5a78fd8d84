"""The requests that the launcher sends to Airflow's REST API."""

from __future__ import annotations

import contextlib
import http.client
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from example.launch.airflow_environment import Account

HTTP_SECONDS = 30.0
PARTS = ("metadatabase", "scheduler", "dag_processor")


class AirflowApi:
    """A client of Airflow's API on a port of 127.0.0.1, authenticated as an account."""

    def __init__(self, port: int, account: Account) -> None:
        self._port = port
        self._account = account
        self._token: str | None = None

    def is_healthy(self) -> bool:
        """Return whether every part of Airflow is healthy; False without a response."""
        health = self._request("GET", "/api/v2/monitor/health") or {}
        return all(health.get(part, {}).get("status") == "healthy" for part in PARTS)

    def serves_tasks(self) -> bool:
        """Return whether tasks can report to this server.

        The first request takes seconds, because it builds the routes: better now than in the
        first task.
        """
        return self._request("GET", "/execution/health") is not None

    def dag_ids(self) -> set[str]:
        """Return the ids of the DAGs that were loaded so far."""
        page = self._request("GET", "/api/v2/dags", token=self._access_token()) or {}
        return {dag["dag_id"] for dag in page.get("dags", [])}

    def add_connection(self, name: str, parts: Mapping[str, Any]) -> bool:
        """Store a connection, with its parts as in Airflow's JSON; return whether it was stored."""
        body = {"connection_id": name, **parts, "extra": json.dumps(parts.get("extra", {}))}
        token = self._access_token()
        return self._request("POST", "/api/v2/connections", body=body, token=token) is not None

    def _access_token(self) -> str | None:
        if self._token is None:
            credentials = {"username": self._account.username, "password": self._account.password}
            response = self._request("POST", "/auth/token", body=credentials) or {}
            self._token = response.get("access_token")
        return self._token

    def _request(
        self, method: str, path: str, *, body: object = None, token: str | None = None
    ) -> Any:
        """Return the JSON of a successful response, or None."""
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        content = None if body is None else json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=HTTP_SECONDS)
        with contextlib.closing(connection):
            try:
                connection.request(method, path, content, headers)
                response = connection.getresponse()
                document = response.read()
            except (OSError, http.client.HTTPException):
                return None
        return json.loads(document) if response.status < http.client.BAD_REQUEST else None
