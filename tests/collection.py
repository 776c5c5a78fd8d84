"""A pytest plugin: marks the tests that use the database, and runs the long ones first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

WITHOUT_DATABASE = (
    TESTS / "unit",
    TESTS / "integration/scaffolding",
    TESTS / "integration/vendor_faults",
)
"""Folders that the run on SQLite leaves out: their tests cannot notice which database it is."""

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark before `-m` selects; sort after all others have sorted.

    Raises:
        pytest.UsageError: a test uses the database in a folder where none may.
    """
    for item in items:
        if _uses_database(item):
            _check_folder(item)
            item.add_marker("database")
        if item.get_closest_marker("airflow"):
            item.add_marker(pytest.mark.xdist_group("airflow"))
    yield
    items.sort(key=_order)


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(DATABASE_FIXTURES & fixtures or item.get_closest_marker("django_db"))


def _check_folder(item: pytest.Item) -> None:
    if any(item.path.is_relative_to(folder) for folder in WITHOUT_DATABASE):
        raise pytest.UsageError(f"{item.nodeid}: the tests of this folder must not use a database.")


def _order(item: pytest.Item) -> int:
    """Return 0 for tests with Airflow, 1 for tests that share a costly fixture, else 2.

    A process that started a long group last would keep all others waiting.
    """
    if item.get_closest_marker("airflow"):
        return 0
    return 1 if item.get_closest_marker("xdist_group") else 2
