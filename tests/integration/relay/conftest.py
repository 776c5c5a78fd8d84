"""All tests of the relay run with scripted publishers."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def configured(scripted_publishers: None) -> None:
    """Give each test the scripted publishers."""
