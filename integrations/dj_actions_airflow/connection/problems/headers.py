"""What is wrong with the headers of each request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dj_actions_airflow.connection.options import Connection, names_function
from dj_actions_airflow.connection.problems.functions import function_problems, kind_of
from dj_actions_airflow.connection.problems.problem import Problem

HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)

HEADER_VALUE = re.compile(r"[!-~]([ -~\t]*[!-~])?")
"""By RFC 9110, 5.5; no header of Airflow or of what is in front of it needs more than ASCII."""

OWN_HEADERS = frozenset(
    {"accept", "connection", "content-length", "content-type", "host", "transfer-encoding"}
)
"""Headers that follow from the request."""


def header_problems(connection: Connection) -> Iterator[Problem]:
    """Yield the problem of headers that a request cannot contain, or that other options set."""
    headers = connection.headers
    if names_function(headers):
        yield from function_problems(headers, "headers", "E024")
    elif not isinstance(headers, Mapping):
        yield Problem(
            id="E024",
            message=f"headers is {kind_of(headers)}, and neither a mapping nor a function.",
            hint='Set for example {"X-Api-Key": "…"}, or the dotted path of a function.',
        )
    else:
        yield from _fixed_headers(headers, connection)


def _fixed_headers(headers: Mapping[str, str], connection: Connection) -> Iterator[Problem]:
    wrong = [name for name, value in headers.items() if not is_header(name, value)]
    if wrong:
        yield Problem(
            id="E024",
            message=f"headers has {wrong[0]!r}, whose name or value a request cannot contain.",
            hint="Use printable ASCII characters, without spaces around the value.",
        )
        return
    taken = OWN_HEADERS | ({"authorization"} if _authorizes(connection) else set())
    if refused := [name for name in headers if name.lower() in taken]:
        yield Problem(
            id="E024",
            message=f"headers has {refused[0]!r}, which follows from the other options.",
            hint="Remove it from headers, or the other option.",
        )


def _authorizes(connection: Connection) -> bool:
    return bool(connection.username or connection.token or connection.client_credentials)


def is_header(name: object, value: object) -> bool:
    """Return whether name and value of a header can be sent."""
    return (
        isinstance(name, str)
        and isinstance(value, str)
        and bool(HEADER_NAME.fullmatch(name))
        and bool(HEADER_VALUE.fullmatch(value))
    )
