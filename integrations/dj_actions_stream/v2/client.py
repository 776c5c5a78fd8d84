"""The stream-python client, for any host and port, with our timeouts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Self

import requests
from stream.client import StreamClient

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.publishers.http import sentences
from dj_actions_stream.transport.adapter import BoundedAdapter, keep_authorization
from dj_actions_stream.transport.rate_budget import RateBudget, endpoint_of
from dj_actions_stream.transport.responses import NOT_STREAM, raise_for_misparsed_response

HOSTED_DOMAIN = "stream-io-api.com"

MAX_TOKENS = 1000
"""Tokens that a client keeps: one for each feed it writes to."""


class FeedsClient(StreamClient):  # type: ignore[misc]  # stream-python has no type hints
    """A client that uses its base URL unchanged.

    stream-python prefixes every host but `localhost` with the name of the service, so
    `http://feeds:9000` would become `http://api.feeds:9000`; and the environment variable
    LOCAL overrides host, port and timeout, even when it is 0. This class undoes both.

    Args:
        base_url: scheme, host and port of the server; None for Stream's hosted service.
        location: region of Stream's hosted service, for example `us-east`.
        timeouts: seconds to wait for a connection, and for the whole of each response.
        decodes_times: whether strings in responses that are times become `datetime` objects, as
            stream-python does; without that, large responses are read several times as fast.
    """

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        *,
        base_url: str | None,
        location: str | None,
        timeouts: tuple[float, float],
        decodes_times: bool = True,
    ) -> None:
        self._tokens: dict[tuple[object, ...], str] = {}
        self._decodes_times = decodes_times
        self._budget = RateBudget()
        super().__init__(api_key, api_secret, None, base_url=base_url, location=location)
        self._custom_base_url = base_url.rstrip("/") if base_url else None
        self._region = location
        self._timeouts = self.timeout = timeouts
        self._deadline: float | None = None
        # Otherwise requests replaces the token by what a .netrc file has for the host.
        self.session.auth = keep_authorization
        for prefix in ("http://", "https://"):
            self.session.mount(prefix, BoundedAdapter())
        # The client drops headers, treats a 429 without Stream's own fields as success, and
        # follows redirects, which lose the body of a POST.
        self.session.hooks["response"] += [self._read_budget, raise_for_misparsed_response]

    @contextmanager
    def within(self, seconds: float) -> Iterator[Self]:
        """Let the requests of the block end within a time, all together.

        A request raises PublisherUnavailable if it would begin after that time.

        Args:
            seconds: how long they may take, without looking up the host's address.
        """
        self._deadline = time.monotonic() + seconds
        try:
            yield self
        finally:
            self._deadline, self.timeout = None, self._timeouts

    def _parse_response(self, response: requests.Response) -> Any:
        """Return the JSON of a response.

        Raises:
            PublisherUnavailable: it is not Stream's; the client would raise whatever its own code
                stumbles over.
        """
        try:
            if self._decodes_times:
                return super()._parse_response(response)
            return self._parse_plainly(response)
        except (LookupError, AttributeError, TypeError, ValueError, RecursionError) as error:
            raise PublisherUnavailable(
                sentences(
                    f"Stream: {response.status_code} {response.text[:200]} "
                    f"({type(error).__name__}: {str(error)[:200]})",
                    NOT_STREAM,
                ),
                status=response.status_code,
            ) from error

    def _parse_plainly(self, response: requests.Response) -> Any:
        """Return the JSON of a response without searching it for times."""
        try:
            parsed = json.loads(response.text)
        except ValueError:
            parsed = None
        is_error = parsed is None or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        if is_error or parsed.get("exception"):
            self.raise_exception(parsed, status_code=response.status_code)
        return parsed

    def _make_request(self, method: Any, relative_url: str, *args: Any, **kwargs: Any) -> Any:
        """Send a request when its endpoint has calls left.

        Raises:
            RateLimited: it has none, so that the response would be a 429.
            PublisherUnavailable: the time of `within` is over.
        """
        if self._deadline is not None:
            self.timeout = self._shortened(self._deadline - time.monotonic())
        self._endpoint = endpoint_of(method.__name__, relative_url)
        self._budget.spend(self._endpoint)
        return super()._make_request(method, relative_url, *args, **kwargs)

    def _shortened(self, remaining: float) -> tuple[float, float]:
        """Return the timeouts of a request that ends within a time, with the connection."""
        if remaining <= 0:
            raise PublisherUnavailable("Stream did not respond in time.")
        connect_timeout, timeout = self._timeouts
        connecting = min(connect_timeout, remaining / 3)
        return connecting, min(timeout, remaining - connecting)

    def _read_budget(self, response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
        self._budget.read(self._endpoint, response.headers)

    def create_jwt_token(
        self,
        resource: str,
        action: str,
        feed_id: str | None = None,
        user_id: str | None = None,
        **params: Any,
    ) -> str:
        """Return a token. The same claims have the same token, as it contains no time."""
        claims = (resource, action, feed_id, user_id)
        if params or claims not in self._tokens:
            if len(self._tokens) >= MAX_TOKENS:
                self._tokens.clear()
            token = super().create_jwt_token(resource, action, feed_id, user_id, **params)
            if params:
                return str(token)
            self._tokens[claims] = str(token)
        return self._tokens[claims]

    def get_full_url(self, service_name: str, relative_url: str) -> str:
        """Return the URL of a request."""
        base = self._custom_base_url or f"https://{self._hosted(service_name)}"
        return f"{base}/{service_name}/{self.version}/{relative_url}"

    def _hosted(self, service_name: str) -> str:
        """Return the host of a hosted Stream service, built as stream-python does."""
        if self._region is None:
            return f"{service_name}.{HOSTED_DOMAIN}"
        suffix = "" if service_name == "analytics" else f"-{service_name}"
        return f"{self._region}{suffix}.{HOSTED_DOMAIN}"
