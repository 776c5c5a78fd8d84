"""What is wrong with the options that say how to reach an Airflow. No client, no network."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dj_actions.exceptions import PublisherMisconfigured
from dj_actions.publishers.http import is_base_url, sentences, without_credentials
from dj_actions_airflow.connection.options import Connection, function_of, names_function

URL_PATH = re.compile(r"(/[\w~%!$&'()*+,;=:@.-]+)*/?", re.ASCII)

API_PATH = re.compile(r"/api/v\d+/?$")
"""The end of a path that the client appends itself."""

HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
HEADER_VALUE = re.compile(r"[!-~]([ -~\t]*[!-~])?")
"""By RFC 9110, 5.5; no header of Airflow or of what is in front of it needs more than ASCII."""

OWN_HEADERS = frozenset(
    {"accept", "connection", "content-length", "content-type", "host", "transfer-encoding"}
)
"""Headers that follow from the request."""

CREDENTIALS_KEYS = frozenset({"client_id", "client_secret", "scope", "token_url"})


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why nothing can be sent."""

    id: str
    """The id of the system check, without its prefix."""

    message: str
    hint: str


def problems_of(connection: Connection) -> Iterator[Problem]:
    """Yield what is wrong with the options of a connection. No secret is in a message."""
    yield from _address(connection.base_url)
    yield from _password(connection)
    yield from _ways(connection)
    yield from _token(connection.token)
    yield from _client_credentials(connection.client_credentials)
    yield from _headers(connection)
    yield from _certificates(connection)


def require_connection(connection: Connection) -> None:
    """Check the options of a connection before a request.

    Raises:
        PublisherMisconfigured: nothing could be sent with them.
    """
    for problem in problems_of(connection):
        raise PublisherMisconfigured(
            sentences(f"Airflow: {problem.message}", f"In OPTIONS: {problem.hint}")
        )


def is_server_url(text: str) -> bool:
    """Return whether a string is a URL of scheme, host, port and path."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_path = URL_PATH.fullmatch(parts.path) and ".." not in parts.path.split("/")
    return bool(is_path) and is_base_url(text.removesuffix(parts.path) if parts.path else text)


def is_header(name: object, value: object) -> bool:
    """Return whether name and value of a header can be sent."""
    return (
        isinstance(name, str)
        and isinstance(value, str)
        and bool(HEADER_NAME.fullmatch(name))
        and bool(HEADER_VALUE.fullmatch(value))
    )


def _address(base_url: str) -> Iterator[Problem]:
    if not is_server_url(base_url) or API_PATH.search(urlsplit(base_url).path):
        yield Problem(
            id="E001",
            message=f"base_url is {without_credentials(base_url)!r}, which is not the address of "
            "an API server.",
            hint="Set scheme, host and port, and the path if the server has one, for example "
            "'https://example.com/airflow', without '/api/v2'. Put user and password into the "
            "options of these names.",
        )


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


def _ways(connection: Connection) -> Iterator[Problem]:
    names = ("username", "token", "client_credentials")
    ways = [name for name in names if getattr(connection, name)]
    if len(ways) > 1:
        yield Problem(
            id="E021",
            message=f"{' and '.join(ways)} are set, but only one of them can be used.",
            hint="Keep username and password, or token, or client_credentials.",
        )


def _token(token: object) -> Iterator[Problem]:
    if names_function(token):
        yield from _function(token, "token", "E022")
    elif token and not (isinstance(token, str) and HEADER_VALUE.fullmatch(token.strip())):
        yield Problem(
            id="E022",
            message=f"token is {_kind(token)} that a header cannot contain.",
            hint="Set the token as it was issued, or the dotted path of a function that returns "
            "one.",
        )


def _function(value: Any, option: str, check_id: str) -> Iterator[Problem]:
    try:
        function_of(value)
    except Exception as error:  # noqa: BLE001 - the module is the user's
        yield Problem(
            id=check_id,
            message=f"{option} is {value!r}, which cannot be imported: {error}",
            hint="Set the dotted path of a function without arguments. If it is a token and no "
            'path, set headers to {"Authorization": "Bearer …"} instead.',
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


def _headers(connection: Connection) -> Iterator[Problem]:
    headers = connection.headers
    if names_function(headers):
        yield from _function(headers, "headers", "E024")
    elif not isinstance(headers, Mapping):
        yield Problem(
            id="E024",
            message=f"headers is {_kind(headers)}, and neither a mapping nor a function.",
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


def _certificates(connection: Connection) -> Iterator[Problem]:
    files = {
        name: getattr(connection, name)
        for name in ("ca_cert", "client_cert", "client_key")
        if getattr(connection, name)
    }
    hint = "Remove one of the two, or correct it."
    if contradiction := _contradiction(connection, files):
        yield Problem(id="E025", message=contradiction, hint=hint)
    else:
        yield from _unreadable(connection)


def _contradiction(connection: Connection, files: Mapping[str, str]) -> str:
    if files and not connection.base_url.startswith("https:"):
        return f"{next(iter(files))} is set, but base_url is not an https address."
    if connection.client_key and not connection.client_cert:
        return "client_key is set, but client_cert is not."
    if connection.ca_cert and not connection.verify:
        return "ca_cert is set, but verify turns the verification of certificates off."
    if not isinstance(connection.verify, bool):
        return "verify is neither True nor False; the file of certificates to trust is ca_cert."
    return ""


def _unreadable(connection: Connection) -> Iterator[Problem]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        name = "ca_cert"
        if connection.ca_cert:
            context.load_verify_locations(cafile=connection.ca_cert)
        name = "client_cert"
        if connection.client_cert:
            # A password would be asked for at the terminal.
            context.load_cert_chain(
                connection.client_cert, connection.client_key or None, password=lambda: b""
            )
    except (OSError, ValueError, TypeError) as error:
        yield Problem(
            id="E025",
            message=f"{name} cannot be read: {type(error).__name__}: {error}",
            hint="Set paths of PEM files that the processes of Django can read; the key must fit "
            "the certificate, and not be encrypted.",
        )


def _kind(value: object) -> str:
    return "a text" if isinstance(value, str) else f"a value of type {type(value).__name__}"
