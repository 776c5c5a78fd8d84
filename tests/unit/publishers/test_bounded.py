"""Responses are bounded in size and time, for every publisher on urllib3: also that of the docs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.publishers import BasePublisher
from dj_actions.publishers.bounded import ResponseTooLarge, bound_pools, read_body
from dj_actions.testing.contract import make_message
from tests.fixtures.destinations import failure_of
from tests.fixtures.scripted_server import Answer, Request, ScriptedServer, Step
from tests.fixtures.unbounded import DRIPS, ENDLESS_FRAMING, TOO_LARGE

PAGE = (Path(__file__).resolve().parents[3] / "docs/configuration.md").read_text()

READ_TIMEOUT = 5.0


def accept(_request: Request) -> Answer:
    """Respond with a small body."""
    return Answer(body=b"fine")


@pytest.fixture
def server(direct_connections: None) -> Iterator[ScriptedServer]:
    """A server that accepts everything, unless it is scripted."""
    with ScriptedServer(accept) as server:
        yield server


@pytest.fixture
def pools() -> Iterator[urllib3.PoolManager]:
    """Bounded pools."""
    timeout = urllib3.Timeout(connect=5, read=READ_TIMEOUT)
    with bound_pools(urllib3.PoolManager(timeout=timeout, retries=False)) as pools:
        yield pools


def fetch(pools: urllib3.PoolManager, server: ScriptedServer, **options: Any) -> bytes:
    """Return the body of one response."""
    return read_body(pools.request("GET", server.url, preload_content=False), **options)


@pytest.fixture
def webhook(server: ScriptedServer) -> Iterator[BasePublisher]:
    """The publisher that the documentation shows."""
    (code,) = re.findall(r"```python\n(import urllib3\n.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {"__name__": "documentation"}
    exec(code, names)  # noqa: S102 - it is ours
    publisher = names["WebhookPublisher"](alias="hook", url=server.url, timeout=0.3)
    yield publisher
    publisher.pools.clear()


def test_a_body_of_exactly_the_limit_is_read(
    pools: urllib3.PoolManager, server: ScriptedServer
) -> None:
    server.script(Answer(body=b"x" * 1000), Answer(body=b"x" * 1001))

    assert len(fetch(pools, server, max_bytes=1000)) == 1000
    with pytest.raises(ResponseTooLarge, match="more than 1000 bytes"):
        fetch(pools, server, max_bytes=1000)


def test_a_connection_is_used_again_with_its_whole_timeout(
    pools: urllib3.PoolManager, server: ScriptedServer
) -> None:
    """What was left of the time of one response is not what the next request may take."""
    fetch(pools, server)
    idle = pools.connection_from_url(server.url).pool
    assert idle
    connection = idle.get()
    idle.put(connection)

    assert connection.sock.gettimeout() == READ_TIMEOUT


def test_what_is_too_large_leaves_no_connection_behind(
    pools: urllib3.PoolManager, server: ScriptedServer
) -> None:
    server.script(Answer(body=b"x" * 100_000))
    with pytest.raises(ResponseTooLarge):
        fetch(pools, server, max_bytes=10)

    assert fetch(pools, server) == b"fine"


@pytest.mark.parametrize("step", TOO_LARGE.values(), ids=TOO_LARGE)
def test_too_large_a_response_is_cut_off(
    webhook: BasePublisher, server: ScriptedServer, step: Step
) -> None:
    server.script(step)

    # In 0.3 seconds, a slow machine may not receive enough of it.
    assert isinstance(failure_of(lambda: webhook.publish(make_message())), PublisherUnavailable)
    assert webhook.publish(make_message()).id


@pytest.mark.parametrize("step", [*DRIPS.values(), *ENDLESS_FRAMING.values()])
def test_an_endless_response_ends_with_the_timeout(
    webhook: BasePublisher, server: ScriptedServer, step: Step
) -> None:
    server.script(step)

    assert isinstance(failure_of(lambda: webhook.publish(make_message())), PublisherUnavailable)


def test_a_proxy_cannot_drip_either(server: ScriptedServer) -> None:
    server.script(DRIPS["headers"], DRIPS["a body"])
    timeout = urllib3.Timeout(connect=0.3, read=0.3)
    with bound_pools(urllib3.ProxyManager(server.url, timeout=timeout, retries=False)) as proxy:
        for url in ("http://example.com", "https://example.com"):
            with pytest.raises(urllib3.exceptions.HTTPError):
                read_body(proxy.request("GET", url, preload_content=False))
