"""The transport of requests, with bounds on the size and the time of a response."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from dj_actions.exceptions import PublisherMisconfigured
from dj_actions.publishers.bounded import bound_pools, bounded_chunks
from dj_actions.publishers.http import without_secrets


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
