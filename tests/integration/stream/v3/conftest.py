"""A running server, and publishers to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.destinations import serve
from tests.integration.stream.v3.destination import FeedsV3Destination


@pytest.fixture
def destination(direct_connections: None) -> Iterator[FeedsV3Destination]:
    """Return the running server."""
    yield from serve(FeedsV3Destination())
