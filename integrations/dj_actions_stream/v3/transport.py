"""The transport of the getstream client: requests, with our bounds on responses."""

from __future__ import annotations

import re

import httpx
import requests

from dj_actions_stream.transport.adapter import BoundedAdapter, keep_authorization
from dj_actions_stream.transport.rate_budget import RateBudget
from dj_actions_stream.transport.responses import raise_for_misparsed_response
from dj_actions_stream.v3.responses import require_readable

ACTIVITY = re.compile(r"/activities/[^/]+/")
"""The part of a path that has the id of an activity."""


class BoundedTransport(httpx.BaseTransport):
    """Sends the requests of an httpx client as the client of Feeds v2 does.

    httpx bounds neither the size of a response nor the time until it is complete.
    """

    def __init__(self) -> None:
        self._budget = RateBudget()
        self._session = requests.Session()
        self._session.headers.clear()
        # Otherwise requests replaces the token by what a .netrc file has for the host.
        self._session.auth = keep_authorization
        for prefix in ("http://", "https://"):
            self._session.mount(prefix, BoundedAdapter())
        self._session.hooks["response"].append(raise_for_misparsed_response)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the whole response.

        Raises:
            PublishError: no calls are left, or the response is not one that getstream can read.
            getstream.StreamApiException: it is an error of Stream.
            requests.RequestException: there is no complete response.
        """
        endpoint = endpoint_of(request)
        self._budget.spend(endpoint)
        seconds = request.extensions["timeout"]
        response = self._session.request(
            request.method,
            str(request.url),
            headers={name.decode(): value.decode() for name, value in request.headers.raw},
            data=request.read(),
            timeout=(seconds["connect"], seconds["read"]),
            allow_redirects=False,
        )
        self._budget.read(endpoint, response.headers)
        require_readable(response)
        # getstream fails for absurd values of headers; the hooks have read what we need of them.
        return httpx.Response(
            response.status_code,
            headers={"Content-Type": "application/json; charset=utf-8"},
            content=response.content,
        )

    def close(self) -> None:
        """Close all connections."""
        self._session.close()


def endpoint_of(request: httpx.Request) -> str:
    """Return the endpoint of a request: what Stream limits together."""
    return f"{request.method} {ACTIVITY.sub('/activities/…/', request.url.path)}"
