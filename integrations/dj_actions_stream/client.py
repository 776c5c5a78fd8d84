"""The stream-python client, on any host and port, with our timeouts."""

from __future__ import annotations

from typing import Any

import requests
from stream.client import StreamClient

from dj_actions.exceptions import RateLimited


class FeedsClient(StreamClient):  # type: ignore[misc]  # stream-python has no type hints
    """A client that takes its base URL as given.

    stream-python puts the name of the service before each host but `localhost`, so
    `http://feeds:9000` would become `http://api.feeds:9000`; and the environment variable
    LOCAL overrides host, port and timeout, even when it is 0. Neither is wanted here.

    Args:
        base_url: scheme, host and port of the server; None for Stream's own.
        location: region of Stream's own servers, for example `us-east`.
        timeouts: seconds to connect, and to wait for an answer.
    """

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        *,
        base_url: str | None,
        location: str | None,
        timeouts: tuple[float, float],
    ) -> None:
        super().__init__(api_key, api_secret, None, base_url=base_url, location=location)
        self._own_base_url = base_url.rstrip("/") if base_url else None
        self.timeout = timeouts
        # A redirected POST arrives without its body.
        self.session.max_redirects = 0
        # The client drops headers, and takes a 429 without Stream's own fields for success.
        self.session.hooks["response"].append(refuse_throttled)

    def get_full_url(self, service_name: str, relative_url: str) -> str:
        """Return the URL of a request."""
        if self._own_base_url is None:
            return str(super().get_full_url(service_name, relative_url))
        return f"{self._own_base_url}/{service_name}/{self.version}/{relative_url}"


def refuse_throttled(response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
    """Raise RateLimited for a 429, with the wait that the server asks for."""
    if response.status_code == requests.codes.too_many_requests:
        raise RateLimited(
            "Stream: 429 Too Many Requests.",
            retry_after=seconds(response.headers.get("Retry-After")),
        )


def seconds(header: str | None) -> float | None:
    """Read a Retry-After in seconds; None for a date or nonsense (RFC 9110, 10.2.3)."""
    try:
        return float(header or "")
    except ValueError:
        return None
