"""The headers that say who we are: fixed ones, or such as expire and are obtained again."""

from __future__ import annotations

import math
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from dj_actions.exceptions import PublisherMisconfigured, PublishError, PublisherUnavailable
from dj_actions.publishers.http import without_secrets
from dj_actions_airflow.connection.errors import is_stale_token, is_unauthorized
from dj_actions_airflow.connection.options import (
    Connection,
    Function,
    function_of,
    name_of,
    names_function,
)
from dj_actions_airflow.connection.problems import is_header
from dj_actions_airflow.connection.tokens import TokenIssuer
from dj_actions_airflow.connection.transport import Transport

RENEW_BEFORE = 30.0
"""Seconds before the end of its validity from which a token is not used any more; at most half of
its validity."""


@dataclass(frozen=True, kw_only=True)
class Issued:
    """Headers, and until when they are valid."""

    headers: Mapping[str, str] = field(repr=False)
    expires_at: float | None = None
    """Seconds since 1970; None if that is not known."""


class HeaderSource(Protocol):
    """Some headers of each request."""

    def headers(self) -> Mapping[str, str]:
        """Return them; this may take a request to another server.

        Raises:
            PublishError: they cannot be obtained.
        """

    def renew(self) -> bool:
        """Obtain other headers for the next request; return whether that is possible."""


class FixedHeaders:
    """Headers that stay the same."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def headers(self) -> Mapping[str, str]:
        """Return them."""
        return self._headers

    def renew(self) -> bool:
        """Return False: there are no others."""
        return False


class RenewableHeaders:
    """Headers that are obtained when they are first needed, and again when they expire."""

    def __init__(self, obtain: Callable[[], Issued]) -> None:
        self._obtain = obtain
        self._issued: Issued | None = None
        self._renew_at = math.inf

    def headers(self) -> Mapping[str, str]:
        """Return them.

        Raises:
            PublishError: they cannot be obtained.
        """
        if self._issued is None or time.time() >= self._renew_at:
            self._issued = None  # if this fails, the old ones are not used again
            self._issued = issued = self._obtain()
            self._renew_at = _renewal_of(issued)
        return self._issued.headers

    def renew(self) -> bool:
        """Obtain others with the next request."""
        self._issued = None
        return True


class Authentication:
    """All headers that say who we are.

    Args:
        connection: how to reach the server.
        transport: sends the requests for tokens.
    """

    def __init__(self, connection: Connection, transport: Transport) -> None:
        additional = _additional(connection)
        self._sources = [additional, *_identity(connection, transport, additional)]
        # What Airflow has not issued itself is checked by what is in front of it.
        self._is_external = not connection.username or not isinstance(connection.headers, Mapping)

    def headers(self) -> dict[str, str]:
        """Return the headers of the next request.

        Raises:
            PublishError: they cannot be obtained.
        """
        return {name: value for source in self._sources for name, value in source.headers().items()}

    def renew_after(self, error: Exception) -> bool:
        """Obtain other headers for the next request, if a refusal may be due to these.

        Args:
            error: the client's error for the refusal.

        Returns:
            Whether to send the request again.
        """
        if not (is_stale_token(error) or (self._is_external and is_unauthorized(error))):
            return False
        renewed = [source.renew() for source in self._sources]
        return any(renewed)


def _identity(
    connection: Connection, transport: Transport, additional: HeaderSource
) -> Iterator[HeaderSource]:
    """Yield what sends the `Authorization` header, if one is configured."""
    if connection.basic:
        yield FixedHeaders(_basic(connection.username, connection.password))
    elif connection.username:
        yield _issued_by(TokenIssuer.for_password(connection, transport), additional)
    elif connection.client_credentials:
        is_airflow = connection.token_url == connection.airflow_token_url
        # An identity provider gets nothing that is meant for Airflow.
        own = additional if is_airflow else FixedHeaders({})
        yield _issued_by(TokenIssuer.for_client(connection, transport), own)
    elif names_function(connection.token):
        yield RenewableHeaders(lambda: _token_of(connection.token))
    elif connection.token:
        yield FixedHeaders(_bearer(str(connection.token).strip()))


def _additional(connection: Connection) -> HeaderSource:
    headers = connection.headers
    if isinstance(headers, Mapping):
        return FixedHeaders(headers)
    return RenewableHeaders(lambda: _headers_of(headers))


def _issued_by(issuer: TokenIssuer, additional: HeaderSource) -> RenewableHeaders:
    def issue() -> Issued:
        try:
            token, expires_at = issuer.issue(additional.headers())
        except PublisherMisconfigured:
            additional.renew()  # for the next request: it may be these that were refused
            raise
        return Issued(headers=_bearer(token), expires_at=expires_at)

    return RenewableHeaders(issue)


def _token_of(source: str | Function) -> Issued:
    """Return the header with the token that a function of the project returns."""
    token, expires_at = _call(source)
    if not isinstance(token, str) or not is_header("Authorization", token.strip()):
        raise PublisherMisconfigured(
            f"{name_of(source)} returned no token that a header can contain. It has to return a "
            "string, or a pair of a string and the time at which it expires."
        )
    return Issued(headers=_bearer(token.strip()), expires_at=expires_at)


def _headers_of(source: str | Function) -> Issued:
    """Return the headers that a function of the project returns."""
    headers, expires_at = _call(source)
    if not isinstance(headers, Mapping) or not all(map(is_header, headers, headers.values())):
        raise PublisherMisconfigured(
            f"{name_of(source)} returned no headers. It has to return a mapping of names to "
            "values of printable ASCII, or a pair of one and the time at which it expires."
        )
    return Issued(headers=headers, expires_at=expires_at)


def _call(source: str | Function) -> tuple[Any, float | None]:
    """Call a function of the project; return what it returns, and until when that is valid."""
    try:
        value = function_of(source)()
    except PublishError:
        raise
    except Exception as error:
        raise PublisherUnavailable(
            without_secrets(f"{name_of(source)} raised {type(error).__name__}: {error}")
        ) from error
    value, expires_at = value if isinstance(value, tuple) and len(value) == 2 else (value, None)  # noqa: PLR2004
    return value, _seconds_since_1970(expires_at, source)


def _seconds_since_1970(moment: object, source: str | Function) -> float | None:
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment.timestamp()
    if moment is None or (isinstance(moment, (int, float)) and math.isfinite(moment)):
        return moment
    raise PublisherMisconfigured(
        f"{name_of(source)} returned {moment!r} as the time at which its value expires. Return a "
        "datetime with a time zone, or seconds since 1970."
    )


def _renewal_of(issued: Issued) -> float:
    """Return when to obtain the headers again, in seconds since 1970."""
    if issued.expires_at is None:
        return math.inf
    validity = max(0.0, issued.expires_at - time.time())
    return issued.expires_at - min(RENEW_BEFORE, validity / 2)


def _bearer(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _basic(username: str, password: str) -> Mapping[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"}
