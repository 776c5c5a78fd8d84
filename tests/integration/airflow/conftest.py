"""The server that speaks Airflow's protocol."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.destinations import serve
from tests.integration.airflow.destination import AirflowDestination


@pytest.fixture
def destination(direct_connections: None) -> Iterator[AirflowDestination]:
    """A running server, and publishers to it."""
    yield from serve(AirflowDestination())
