"""The tokens that Airflow, or the identity provider in front of it, issues."""

from __future__ import annotations

import json
import math
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus, urlencode

from dj_actions.exceptions import (
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    RateLimited,
)
from dj_actions.publishers.http import rate_limit_wait, retry_after_seconds, without_credentials
from dj_actions_airflow.connection.errors import TRANSIENT_STATUSES
from dj_actions_airflow.connection.options import Connection
from dj_actions_airflow.connection.problems import is_header
from dj_actions_airflow.connection.responses import parse_object
from dj_actions_airflow.connection.transport import Response, Transport

ISSUED = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})

CLIENT_CREDENTIALS = {"grant_type": "client_credentials"}


@dataclass(frozen=True, kw_only=True)
class TokenRequest:
    """What has to be sent to get a token."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    requester: str
    """Who requests it, in a message."""

    advice: str
    """What to correct if it is refused."""


class TokenIssuer:
    """Requests tokens.

    Args:
        transport: the connections to use.
        request: what to send.
    """

    def __init__(self, transport: Transport, request: TokenRequest) -> None:
        self._transport = transport
        self._request = request
        self._shown_url = without_credentials(request.url)

    @classmethod
    def for_password(cls, connection: Connection, transport: Transport) -> TokenIssuer:
        """Return an issuer of tokens for a user of Airflow."""
        credentials = {"username": connection.username, "password": connection.password}
        wrong = "username, password or headers" if connection.headers else "username or password"
        return cls(
            transport,
            _json_request(
                connection.airflow_token_url,
                credentials,
                requester=f"the user {connection.username!r}",
                advice=f"Correct base_url, {wrong}.",
            ),
        )

    @classmethod
    def for_client(cls, connection: Connection, transport: Transport) -> TokenIssuer:
        """Return an issuer of tokens for `client_credentials`.

        Airflow's own endpoint, which Keycloak's auth manager provides, reads JSON; all others
        follow RFC 6749, 4.4.
        """
        given = connection.client_credentials
        requester = f"the client {given['client_id']!r}"
        advice = "Correct client_credentials."
        url = connection.token_url
        if url == connection.airflow_token_url:
            names = ("client_id", "client_secret")
            fields = CLIENT_CREDENTIALS | {name: given[name] for name in names}
            return cls(transport, _json_request(url, fields, requester=requester, advice=advice))
        scope = {"scope": given["scope"]} if "scope" in given else {}
        pair = f"{quote_plus(given['client_id'])}:{quote_plus(given['client_secret'])}"
        headers = {
            "Accept": "application/json",
            "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urlencode(CLIENT_CREDENTIALS | scope).encode()
        request = TokenRequest(
            url=url, headers=headers, body=body, requester=requester, advice=advice
        )
        return cls(transport, request)

    def issue(self, headers: Mapping[str, str]) -> tuple[str, float | None]:
        """Request a token; return it, and when it expires, in seconds since 1970, if that is said.

        Args:
            headers: sent in addition, for what is in front of the server.

        Raises:
            PublishError: the server did not issue one.
            urllib3.exceptions.HTTPError: there is no response.
        """
        request = self._request
        response = self._transport.send(
            "POST", request.url, headers={**headers, **request.headers}, body=request.body
        )
        if response.status not in ISSUED:
            raise self._error(response)
        document = parse_object(response.data)
        token = document.get("access_token")
        if isinstance(token, str) and is_header("Authorization", token):
            return token, _expiry(document.get("expires_in"))
        raise PublisherUnavailable(
            f"The response of {self._shown_url} does not contain a token. Is a proxy in "
            "front of it?"
        )

    def _error(self, response: Response) -> PublishError:
        status, headers = response.status, response.headers
        message = f"The token endpoint {self._shown_url} did not issue a token: status {status}."
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimited(message, retry_after=rate_limit_wait(headers))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in TRANSIENT_STATUSES:
            wait = retry_after_seconds(headers.get("Retry-After"))
            return PublisherUnavailable(message, retry_after=wait)
        return PublisherMisconfigured(
            f"The token endpoint {self._shown_url} refused {self._request.requester} "
            f"(status {status}). "
            f"{self._request.advice}"
        )


def _json_request(
    url: str, fields: Mapping[str, str], *, requester: str, advice: str
) -> TokenRequest:
    return TokenRequest(
        url=url,
        headers={"Accept": "application/json", "Content-Type": "application/json"},
        body=json.dumps(fields).encode(),
        requester=requester,
        advice=advice,
    )


def _expiry(seconds: Any) -> float | None:
    is_number = isinstance(seconds, (int, float)) and math.isfinite(seconds)
    return time.time() + seconds if is_number else None
