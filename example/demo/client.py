"""An HTTP client of the todo project's API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import requests

TIMEOUT = 15.0
EVENT_HEADER = "Action-Event"
REPLAYED_HEADER = "Idempotent-Replayed"


@dataclass(frozen=True, kw_only=True)
class TodoClient:
    """A client that authenticates as one user of the todo project."""

    base_url: str
    username: str
    password: str

    def create(self, title: str) -> int:
        """Create a todo of the user and return its id."""
        response = self.request("POST", "/todos/", {"title": title})
        response.raise_for_status()
        number: int = response.json()["id"]
        return number

    def todo(self, number: int) -> dict[str, Any]:
        """Return a todo."""
        return self._get(f"/todos/{number}/")

    def act(
        self,
        number: int,
        action: str,
        data: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Run an action on one todo."""
        return self.request("POST", f"/todos/{number}/actions/{action}/", data, headers)

    def act_on_many(self, action: str, data: Mapping[str, Any]) -> requests.Response:
        """Run a bulk action."""
        return self.request("POST", f"/todos/actions/{action}/", data)

    def events(self) -> list[dict[str, Any]]:
        """Return all events with their deliveries, oldest first. Requires a staff user."""
        found: list[dict[str, Any]] = self._get("/api/action-events/?page_size=500")["results"]
        return found[::-1]

    def request(
        self,
        method: str,
        path: str,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request and return the response, whatever its status."""
        return requests.request(
            method,
            f"{self.base_url}{path}",
            json=data,
            headers={"Authorization": f"Token {self._token}", **(headers or {})},
            timeout=TIMEOUT,
        )

    @cached_property
    def _token(self) -> str:
        """Log in once: password hashing is slow on purpose."""
        credentials = {"username": self.username, "password": self.password}
        response = requests.post(f"{self.base_url}/auth/token/", json=credentials, timeout=TIMEOUT)
        response.raise_for_status()
        token: str = response.json()["token"]
        return token

    def _get(self, path: str) -> dict[str, Any]:
        response = self.request("GET", path)
        response.raise_for_status()
        body: dict[str, Any] = response.json()
        return body
