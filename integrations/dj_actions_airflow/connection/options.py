"""How to reach an Airflow: its address, who we are there, and which certificates are trusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.module_loading import import_string

Function = Callable[[], Any]

TOKEN_PATH = "/auth/token"  # noqa: S105 - not a password
"""Where every Airflow issues tokens, by https://airflow.apache.org/docs/apache-airflow/stable/security/api.html."""

DOTTED_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+", re.ASCII)

JSON_WEB_TOKEN = "eyJ"  # noqa: S105 - not a password
"""The start of each part of a JSON Web Token, whose parts are joined by dots, too."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The options of a publisher that say how to reach an Airflow."""

    base_url: str
    """Scheme, host, port and path of the API server, without a slash at its end."""

    username: str = ""
    password: str = field(default="", repr=False)

    basic: bool = False
    """Whether user and password are sent with each request, instead of exchanged for a token."""

    token: str | Function = field(default="", repr=False)
    """A token; or a function that returns one, or the dotted path of it."""

    client_credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The keys `client_id` and `client_secret`, and optionally `token_url` and `scope`."""

    headers: Mapping[str, str] | str | Function = field(default_factory=dict, repr=False)
    """Headers of each request; or a function that returns them, or the dotted path of it."""

    verify: bool = True
    """Whether the server's certificate is verified."""

    ca_cert: str = ""
    """A file with the certificates to trust, instead of those of the system."""

    client_cert: str = ""
    """A file with the certificate to present, and perhaps its key."""

    client_key: str = ""
    """A file with the key of `client_cert`."""

    timeouts: tuple[float, float] = (3.05, 15.0)
    """Seconds to wait for a connection, and for the whole of each response."""

    @property
    def token_url(self) -> str:
        """The address that issues a token for `client_credentials`."""
        return self.client_credentials.get("token_url") or self.airflow_token_url

    @property
    def airflow_token_url(self) -> str:
        """The address at which this Airflow issues tokens itself."""
        return f"{self.base_url}{TOKEN_PATH}"


def names_function(value: object) -> bool:
    """Return whether a value is a function, or looks like the dotted path of one."""
    if isinstance(value, str):
        return bool(DOTTED_PATH.fullmatch(value)) and not value.startswith(JSON_WEB_TOKEN)
    return callable(value)


def function_of(value: str | Function) -> Function:
    """Return a function that is given itself, or by its dotted path.

    Raises:
        ImportError: there is nothing at this path.
        TypeError: it is not a function.
    """
    found = import_string(value) if isinstance(value, str) else value
    if not callable(found):
        raise TypeError(f"{value} is not a function")
    return found


def name_of(value: str | Function) -> str:
    """Return how to call a function in a message."""
    return value if isinstance(value, str) else getattr(value, "__qualname__", "the function")
