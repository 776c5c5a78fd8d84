"""All tests of the relay run with scripted publishers."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.integration.relay.ordering")


@pytest.fixture(autouse=True)
def configured(scripted_publishers: None) -> None:
    """Give each test the scripted publishers."""
