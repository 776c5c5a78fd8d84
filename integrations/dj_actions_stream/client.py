"""The stream-python client, on any host and port, with our timeouts."""

from __future__ import annotations

from typing import Any

import requests
from stream.client import StreamClient

from dj_actions.exceptions import PublisherMisconfigured, PublisherUnavailable, RateLimited
from dj_actions.publishers.http import retry_after_seconds

HOSTED_DOMAIN = "stream-io-api.com"


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
        self._region = location
        self.timeout = timeouts
        # The client drops headers, takes a 429 without Stream's own fields for success, and
        # follows redirects, which lose the body of a POST.
        self.session.hooks["response"].append(refuse_what_the_client_misreads)

    def get_full_url(self, service_name: str, relative_url: str) -> str:
        """Return the URL of a request."""
        base = self._own_base_url or f"https://{self._hosted(service_name)}"
        return f"{base}/{service_name}/{self.version}/{relative_url}"

    def _hosted(self, service_name: str) -> str:
        """Return the host of Stream's own server for a service, as stream-python names it."""
        if self._region is None:
            return f"{service_name}.{HOSTED_DOMAIN}"
        suffix = "" if service_name == "analytics" else f"-{service_name}"
        return f"{self._region}{suffix}.{HOSTED_DOMAIN}"


def refuse_what_the_client_misreads(
    response: requests.Response, *_args: Any, **_kwargs: Any
) -> None:
    """Raise for what the client follows, or takes for success, or loses the status of."""
    if response.status_code == requests.codes.too_many_requests:
        response.close()
        raise RateLimited(
            "Stream: 429 Too Many Requests.",
            retry_after=retry_after_seconds(response.headers.get("Retry-After")),
        )
    # Without a `detail` the client stumbles, and the status is lost.
    broken = response.status_code >= requests.codes.internal_server_error
    if broken and '"detail"' not in response.text:
        raise PublisherUnavailable(f"Stream: {response.status_code} {response.text[:200]}")
    if 300 <= response.status_code < 400:  # noqa: PLR2004 - the class of HTTP redirects
        response.close()
        raise PublisherMisconfigured(
            f"Stream: {response.status_code} redirects to {response.headers.get('Location')}. "
            "Is base_url the address of a feeds server, with the right scheme?"
        )
