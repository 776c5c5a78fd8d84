"""A pytest plugin: the fixtures `dj_actions` and `captured_actions`, and isolation between tests.

pytest loads it wherever DJ Actions is installed, before Django is configured or without any
Django project. So it imports no other module of the package until a test uses one.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dj_actions.testing.capturing import Captured


@pytest.fixture(name="dj_actions")
def helpers() -> ModuleType:
    """`dj_actions.testing`: `assert_recorded`, `assert_delivered`, `drain`, `captured`, …"""
    return importlib.import_module("dj_actions.testing")


@pytest.fixture
def captured_actions(db: None) -> Iterator[Captured]:  # noqa: ARG001 - requested for its effect
    """Capture the messages of the test instead of publishing them; requests pytest-django's `db`.

    It has the messages after `drain()`.
    """
    with importlib.import_module("dj_actions.testing").captured() as kept:
        yield kept


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Clear the publishers and the messages of earlier tests."""
    if package := sys.modules.get("dj_actions.publishers"):
        package.publishers.reset()
    if memory := sys.modules.get("dj_actions.publishers.memory"):
        memory.outboxes.clear()
    if failing := sys.modules.get("dj_actions.testing.failing"):
        failing.FailingPublisher.received.clear()
