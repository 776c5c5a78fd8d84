"""What is wrong with an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from dj_actions.publishers.http import is_base_url, without_credentials
from dj_actions_airflow.connection.problems.problem import Problem

URL_PATH = re.compile(r"(/[\w~%!$&'()*+,;=:@.-]+)*/?", re.ASCII)

API_PATH = re.compile(r"/api/v\d+/?$")
"""The end of a path that the client appends itself."""


def address_problems(base_url: str) -> Iterator[Problem]:
    """Yield the problem of a `base_url` that is not the address of an API server."""
    if not is_server_url(base_url) or API_PATH.search(urlsplit(base_url).path):
        yield Problem(
            id="E001",
            message=f"base_url is {without_credentials(base_url)!r}, which is not the address of "
            "an API server.",
            hint="Set scheme, host and port, and the path if the server has one, for example "
            "'https://example.com/airflow', without '/api/v2'. Put user and password into the "
            "options of these names.",
        )


def is_server_url(text: str) -> bool:
    """Return whether a string is a URL of scheme, host, port and path."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_path = URL_PATH.fullmatch(parts.path) and ".." not in parts.path.split("/")
    return bool(is_path) and is_base_url(text.removesuffix(parts.path) if parts.path else text)
