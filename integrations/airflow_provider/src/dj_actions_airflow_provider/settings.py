"""The Airflow connection of type `dj_actions` as typed values."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self
from urllib.parse import urlsplit

from dj_actions_airflow_provider.errors import InvalidConnection

DEFAULT_TIMEOUT = 10.0
"""Seconds that a request may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Where a project is, and who calls it."""

    base_url: str
    """The URL of the project, without a trailing slash; it may have a path."""
    token: str = field(repr=False)
    """The machine token."""
    auth_scheme: str = "Bearer"
    """The word before the token in the `Authorization` header."""
    api_path: str = "/api/"
    """Where the project includes `dj_actions.urls`."""
    paths: Mapping[str, str] = field(default_factory=dict)
    """The path of each resource's collection: `{"todo": "/todos/"}`."""
    event_url: str = ""
    """A page for people about an event, with `{event}` for its id."""
    hint_secret: str = field(default="", repr=False)
    """The project's `HINT_SECRET`, which signs hints."""
    timeout: float = DEFAULT_TIMEOUT
    """Seconds that a request may take."""
    ca_cert: str = ""
    """Path of a file with the CA certificates to trust instead of the usual ones."""

    @classmethod
    def of(cls, connection: Any) -> Self:
        """Return the settings of an Airflow connection.

        Raises:
            InvalidConnection: a part is missing, of a wrong type or unknown.
        """
        name = connection.conn_id
        extra = _extra(connection)
        _refuse_unknown(name, extra, {entry.name for entry in fields(cls)} - {"base_url", "token"})
        given = {key: value for key, value in extra.items() if value not in (None, "")}
        return cls(
            base_url=_base_url(connection),
            token=_token(connection),
            **{key: _value(name, key, value) for key, value in given.items()},
        )

    def url(self, path: str) -> str:
        """Return the URL of a path of the project."""
        return f"{self.base_url}/{path.lstrip('/')}"

    def api_url(self, path: str) -> str:
        """Return the URL of a path below `api_path`."""
        return self.url(f"{self.api_path.strip('/')}/{path}".lstrip("/"))

    def event_page(self, event_id: str) -> str:
        """Return the URL of the page about an event."""
        if self.event_url:
            return self.event_url.replace("{event}", event_id)
        return self.api_url(f"action-events/{event_id}/")


def _extra(connection: Any) -> dict[str, Any]:
    try:
        extra = json.loads(connection.extra or "{}")
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise InvalidConnection(
            f"The extra of connection {connection.conn_id!r} is not a JSON object."
        )
    return extra


def _refuse_unknown(name: str, extra: Mapping[str, Any], known: set[str]) -> None:
    for key in sorted(extra.keys() - known):
        near = difflib.get_close_matches(key, known, 1)
        hint = f" Did you mean {near[0]!r}?" if near else f" Known are {', '.join(sorted(known))}."
        raise InvalidConnection(f"Connection {name!r} has an unknown extra {key!r}.{hint}")


def _token(connection: Any) -> str:
    token = (connection.password or "").strip()
    if not token:
        raise InvalidConnection(
            f"Connection {connection.conn_id!r} has no token. Set its password to one."
        )
    if not (token.isascii() and token.isprintable()):
        raise InvalidConnection(
            f"The token of connection {connection.conn_id!r} is not printable ASCII."
        )
    return str(token)


def _base_url(connection: Any) -> str:
    name, host = connection.conn_id, (connection.host or "").strip().rstrip("/")
    if not host:
        raise InvalidConnection(
            f"Connection {name!r} has no host. Set it to the URL of the project, such as "
            "https://todos.example.com."
        )
    if "://" not in host:
        port = f":{connection.port}" if connection.port else ""
        host = f"{connection.schema or 'https'}://{host}{port}"
    parts = urlsplit(host)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise InvalidConnection(
            f"The host of connection {name!r} is not a URL of http or https without credentials."
        )
    if parts.query or parts.fragment:
        raise InvalidConnection(f"The host of connection {name!r} may not have a query.")
    return host


def _value(name: str, key: str, value: Any) -> Any:
    """Return a field of the extra, with its type."""
    if key == "timeout":
        return _seconds(name, value)
    if key == "paths":
        return _paths(name, value)
    if not isinstance(value, str):
        raise InvalidConnection(f"The {key} of connection {name!r} is {value!r}, not a string.")
    return value


def _seconds(name: str, value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if isinstance(value, bool) or not 0 < seconds < float("inf"):
        raise InvalidConnection(
            f"The timeout of connection {name!r} is {value!r}, not a number of seconds above 0."
        )
    return seconds


def _paths(name: str, value: Any) -> Mapping[str, str]:
    """Return the paths, which Airflow's form may have stored as text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, dict) or not all(
        isinstance(path, str) and path for path in value.values()
    ):
        raise InvalidConnection(
            f'The paths of connection {name!r} are not a JSON object such as {{"todo": "/todos/"}}.'
        )
    return value
