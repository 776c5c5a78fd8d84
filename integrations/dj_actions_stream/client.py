"""The stream-python client, for any host and port, with our timeouts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from stream.client import StreamClient

from dj_actions.exceptions import PublisherMisconfigured, PublisherUnavailable, RateLimited
from dj_actions.publishers.bounded import bound_pools, bounded_chunks
from dj_actions.publishers.http import (
    rate_limit_wait,
    retry_after_seconds,
    sentences,
    without_secrets,
)
from dj_actions_stream.errors import NOT_STREAM
from dj_actions_stream.rate_budget import RateBudget, endpoint_of

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
        decodes_times: whether texts in responses that are times become `datetime` objects, as
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
        self.timeout = timeouts
        # Otherwise requests replaces the token by what a .netrc file has for the host.
        self.session.auth = keep_authorization
        for prefix in ("http://", "https://"):
            self.session.mount(prefix, BoundedAdapter())
        # The client drops headers, treats a 429 without Stream's own fields as success, and
        # follows redirects, which lose the body of a POST.
        self.session.hooks["response"] += [self._read_budget, raise_for_misparsed_response]

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
        """
        self._endpoint = endpoint_of(method.__name__, relative_url)
        self._budget.spend(self._endpoint)
        return super()._make_request(method, relative_url, *args, **kwargs)

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


def keep_authorization(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request as it is: the client has set its token."""
    return request


class BoundedAdapter(HTTPAdapter):
    """Sends requests whose responses are bounded in size and time, also through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        bound_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the pools of a proxy, which are created once."""
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        return bound_pools(manager) if is_new else manager

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; the body of the response is read later.

        Raises:
            PublisherMisconfigured: the address, the proxy or the timeouts cannot be used. The
                message is not sent by then, so it is not to blame.
        """
        try:
            response = super().send(*args, **kwargs)
        except requests.RequestException:
            raise
        except (TypeError, ValueError, ArithmeticError, OSError) as error:
            raise PublisherMisconfigured(
                without_secrets(
                    "Stream: nothing can be sent. Check base_url, the timeouts, and the proxy and "
                    f"certificates of the environment. {type(error).__name__}: {error}"
                )
            ) from error
        response.raw = _BoundedBody(response.raw)
        return response


class _BoundedBody:
    """The body of a response, which may not be larger than allowed.

    Args:
        raw: the body of urllib3.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        """Yield the decompressed chunks, as requests reads them."""
        try:
            yield from bounded_chunks(self._raw.stream(*args, **kwargs))
        except BaseException:
            self._raw.close()
            raise


def raise_for_misparsed_response(response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
    """Raise for a response that the client would follow, or misread, or drop the status of."""
    # Otherwise requests would guess, or believe the server: some encodings take hours to decode.
    response.encoding = "utf-8"
    if response.status_code == requests.codes.too_many_requests:
        response.close()
        raise RateLimited(
            "Stream: 429 Too Many Requests.",
            retry_after=rate_limit_wait(response.headers),
            status=response.status_code,
        )
    # Without a `detail` the client fails to parse the response, and the status is lost.
    is_server_error = response.status_code >= requests.codes.internal_server_error
    wait = retry_after_seconds(response.headers.get("Retry-After"))
    if is_server_error and (wait is not None or '"detail"' not in response.text):
        raise PublisherUnavailable(
            f"Stream: {response.status_code} {response.text[:200]}",
            retry_after=wait,
            status=response.status_code,
        )
    if 300 <= response.status_code < 400:  # noqa: PLR2004 - the class of HTTP redirects
        response.close()
        raise PublisherMisconfigured(
            f"Stream: {response.status_code} redirects to "
            f"{without_secrets(response.headers.get('Location', 'nowhere'))}. "
            "Check that base_url is the address of a feeds server, with the right scheme.",
            status=response.status_code,
        )
