"""The misbehaving servers, and publishers that are closed at the end."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dj_actions_airflow import AirflowPublisher
from dj_actions_stream import StreamPublisher

from dj_actions.publishers import BasePublisher
from tests.integration.vendor_faults.server import FaultyServer
from tests.integration.vendor_faults.vendors import PASSWORD, USERNAME, Airflow, Stream

API_SECRET = "hush-hush-secret-of-more-than-32-bytes"


@pytest.fixture(autouse=True)
def _direct_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def closing() -> Iterator[Callable[[BasePublisher], None]]:
    """Close a publisher when the test is over."""
    publishers: list[BasePublisher] = []
    yield publishers.append
    for publisher in publishers:
        publisher.close()


@pytest.fixture
def refusing_url() -> Iterator[str]:
    """The address of a port that nobody listens at, and nobody else can take."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def stream_vendor() -> Stream:
    """What the server that speaks Stream's protocol holds."""
    return Stream()


@pytest.fixture
def stream_server(stream_vendor: Stream) -> Iterator[FaultyServer]:
    """A server that speaks Stream's protocol."""
    with FaultyServer(stream_vendor) as server:
        yield server


@pytest.fixture
def make_stream_publisher(
    stream_server: FaultyServer, closing: Callable[[BasePublisher], None]
) -> Callable[..., StreamPublisher]:
    """Return a maker of publishers to that server."""

    def make(**options: Any) -> StreamPublisher:
        defaults: dict[str, Any] = {"base_url": stream_server.url, "timeout": 30.0}
        credentials = {"api_key": "key", "api_secret": API_SECRET}
        publisher = StreamPublisher(alias="feeds", **(defaults | credentials | options))
        closing(publisher)
        return publisher

    return make


@pytest.fixture
def airflow() -> Airflow:
    """What the server that speaks Airflow's protocol holds."""
    return Airflow()


@pytest.fixture
def airflow_server(airflow: Airflow) -> Iterator[FaultyServer]:
    """A server that speaks Airflow's protocol."""
    with FaultyServer(airflow) as server:
        yield server


@pytest.fixture
def make_airflow_publisher(
    airflow_server: FaultyServer, closing: Callable[[BasePublisher], None]
) -> Callable[..., AirflowPublisher]:
    """Return a maker of publishers to that server."""

    def make(**options: Any) -> AirflowPublisher:
        defaults: dict[str, Any] = {"base_url": airflow_server.url, "timeout": 30.0}
        credentials = {"username": USERNAME, "password": PASSWORD}
        publisher = AirflowPublisher(
            alias="pipelines", **({"dag_id": "reports"} | defaults | credentials | options)
        )
        closing(publisher)
        return publisher

    return make
