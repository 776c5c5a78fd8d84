"""The tokens that Airflow's API server issues for a user and a password."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import urllib3

from dj_actions.exceptions import (
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    RateLimited,
)
from dj_actions.publishers.bounded import read_body
from dj_actions.publishers.http import rate_limit_wait, retry_after_seconds, without_credentials
from dj_actions_airflow.errors import TRANSIENT_STATUSES, blame_options
from dj_actions_airflow.responses import parse_token


class TokenIssuer:
    """Requests tokens: https://airflow.apache.org/docs/apache-airflow/stable/security/api.html.

    Args:
        pools: the connections to use.
        base_url: scheme, host and port of the API server.
        username: the user to authenticate as.
        password: the user's password.
        timeouts: seconds to wait for a connection, and for the whole of each response.
        max_bytes: the largest response that is read.
    """

    def __init__(
        self,
        pools: urllib3.PoolManager,
        *,
        base_url: str,
        username: str,
        password: str,
        timeouts: tuple[float, float],
        max_bytes: int,
    ) -> None:
        self._pools = pools
        self._base_url = base_url
        self._shown_url = without_credentials(base_url)
        self._username = username
        self._password = password
        self._timeouts = timeouts
        self._max_bytes = max_bytes

    def issue(self) -> str:
        """Request a token and return it.

        Raises:
            PublishError: the server did not issue one.
        """
        with blame_options():
            response = self._pools.request(
                "POST",
                f"{self._base_url}/auth/token",
                json={"username": self._username, "password": self._password},
                timeout=urllib3.Timeout(connect=self._timeouts[0], read=self._timeouts[1]),
                retries=False,
                preload_content=False,
            )
        body = read_body(response, max_bytes=self._max_bytes)
        if response.status != HTTPStatus.CREATED:
            raise self._error(response.status, response.headers)
        return parse_token(body)

    def _error(self, status: int, headers: Mapping[str, str]) -> PublishError:
        message = f"Airflow at {self._shown_url} did not issue a token: status {status}."
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimited(message, retry_after=rate_limit_wait(headers))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in TRANSIENT_STATUSES:
            wait = retry_after_seconds(headers.get("Retry-After"))
            return PublisherUnavailable(message, retry_after=wait)
        return PublisherMisconfigured(
            f"Airflow at {self._shown_url} refused the user {self._username!r} (status {status}). "
            "Correct base_url, username or password."
        )
