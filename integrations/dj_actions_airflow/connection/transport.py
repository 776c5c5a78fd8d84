"""Requests to an Airflow, over connections that stay open; responses are bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from airflow_client.client import Configuration
from airflow_client.client.rest import RESTClientObject

from dj_actions.publishers.bounded import bound_pools, read_body
from dj_actions_airflow.connection.errors import blame_options
from dj_actions_airflow.connection.options import Connection


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response that was read completely. The client's errors are created from it."""

    status: int
    reason: str | None
    headers: Mapping[str, str]
    data: bytes

    def getheaders(self) -> Mapping[str, str]:
        """Return the headers, for older versions of the client."""
        return self.headers


class Transport:
    """Sends requests; an instance belongs to one thread.

    Args:
        connection: how to reach the server.
        max_bytes: the largest response that is read.
    """

    def __init__(self, connection: Connection, *, max_bytes: int) -> None:
        self._timeout = urllib3.Timeout(connect=connection.timeouts[0], read=connection.timeouts[1])
        self._max_bytes = max_bytes
        self._pools = RESTClientObject(_configuration(connection)).pool_manager
        bound_pools(self._pools, max_bytes=max_bytes)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> Response:
        """Send a request, and return the response, whatever its status.

        Raises:
            PublisherMisconfigured: nothing can be sent to this address.
            ResponseTooLarge: there is more than allowed.
            urllib3.exceptions.HTTPError: there is no response, or not all of it.
        """
        with blame_options():
            response = self._pools.request(
                method,
                url,
                body=body,
                headers=headers,
                timeout=self._timeout,
                # Retries are up to the relay, and a redirected POST would become a GET.
                retries=False,
                preload_content=False,
            )
        return Response(
            status=response.status,
            reason=response.reason,
            headers=response.headers,
            data=read_body(response, max_bytes=self._max_bytes),
        )

    def close(self) -> None:
        """Close all connections."""
        self._pools.clear()


def _configuration(connection: Connection) -> Configuration:
    configuration = Configuration(host=connection.base_url, retries=False)
    # Attributes: versions of the client differ in what their constructor accepts.
    configuration.verify_ssl = connection.verify
    configuration.ssl_ca_cert = connection.ca_cert or None
    configuration.cert_file = connection.client_cert or None
    configuration.key_file = connection.client_key or None
    if configuration.proxy is None:
        # Before 3.3, the client did not read the environment.
        configuration.proxy = _proxy_for(connection.base_url)
    return configuration


def _proxy_for(base_url: str) -> str | None:
    """Return the proxy of the environment for an address."""
    parts = urlsplit(base_url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)
