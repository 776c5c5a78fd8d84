"""What is wrong with the password, the token or the client credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dj_actions.publishers.http import without_credentials
from dj_actions_airflow.connection.options import Connection, names_function
from dj_actions_airflow.connection.problems.addresses import is_server_url
from dj_actions_airflow.connection.problems.functions import function_problems, kind_of
from dj_actions_airflow.connection.problems.headers import HEADER_VALUE
from dj_actions_airflow.connection.problems.problem import Problem

CREDENTIALS_KEYS = frozenset({"client_id", "client_secret", "scope", "token_url"})


def credential_problems(connection: Connection) -> Iterator[Problem]:
    """Yield what is wrong with each way to authenticate, and with several of them at once."""
    yield from _password(connection)
    yield from _methods(connection)
    yield from _token(connection.token)
    yield from _client_credentials(connection.client_credentials)


def _password(connection: Connection) -> Iterator[Problem]:
    if bool(connection.username) != bool(connection.password):
        yield Problem(
            id="E002",
            message="set both username and password, or neither; one of them is empty.",
            hint="Read the password from the environment.",
        )
    elif connection.basic and not connection.username:
        yield Problem(
            id="E002",
            message="basic is set, but username and password are empty.",
            hint="Set them: they are what basic sends with each request.",
        )


def _methods(connection: Connection) -> Iterator[Problem]:
    names = ("username", "token", "client_credentials")
    methods = [name for name in names if getattr(connection, name)]
    if len(methods) > 1:
        yield Problem(
            id="E021",
            message=f"{' and '.join(methods)} are set, but only one of them can be used.",
            hint="Keep username and password, or token, or client_credentials.",
        )


def _token(token: object) -> Iterator[Problem]:
    if names_function(token):
        yield from function_problems(token, "token", "E022")
    elif token and not (isinstance(token, str) and HEADER_VALUE.fullmatch(token.strip())):
        yield Problem(
            id="E022",
            message=f"token is {kind_of(token)} that a header cannot contain.",
            hint="Set the token as it was issued, or the dotted path of a function that returns "
            "one.",
        )


def _client_credentials(credentials: Any) -> Iterator[Problem]:
    if not credentials:
        return
    if not _is_complete(credentials):
        yield Problem(
            id="E023",
            message=f"client_credentials has the keys {_names(credentials)}, or an empty value.",
            hint="Set client_id and client_secret, and token_url and scope if they are needed.",
        )
    elif not is_server_url(url := credentials.get("token_url", "http://airflow")):
        yield Problem(
            id="E023",
            message=f"token_url is {without_credentials(url)!r}, which is not a URL.",
            hint="Set the token endpoint of the provider, for example "
            "'https://example.com/realms/main/protocol/openid-connect/token'.",
        )


def _is_complete(credentials: Any) -> bool:
    return (
        isinstance(credentials, Mapping)
        and all(isinstance(value, str) and value for value in credentials.values())
        and {"client_id", "client_secret"} <= credentials.keys() <= CREDENTIALS_KEYS
    )


def _names(credentials: Any) -> str:
    return ", ".join(map(str, credentials)) if isinstance(credentials, Mapping) else "of no mapping"
