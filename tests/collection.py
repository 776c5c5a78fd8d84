"""A pytest plugin: marks the tests that use the database, and shares them between processes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TESTS = Path(__file__).parent

WITHOUT_DATABASE = (
    TESTS / "unit",
    TESTS / "integration/scaffolding",
    TESTS / "integration/airflow",
)
"""Folders that the run on SQLite leaves out: their tests cannot notice which database it is."""

SHARED_AIRFLOW = {
    f"tests/acceptance/{name}.py"
    for name in (
        *("test_airflow_publisher", "test_airflow_runs", "test_crashes", "test_outages"),
        "test_remote_runs",
    )
}
"""Files whose tests use the session's `stack`: each process would start an Airflow of its own."""

OWN_AIRFLOW = "tests/acceptance/airflow/"
"""Folder whose tests share another Airflow, which they break."""

LONG = (
    *sorted(TESTS / "acceptance" / Path(path).name for path in SHARED_AIRFLOW),
    TESTS / "acceptance",
    TESTS / "packaging",
    TESTS / "integration/scaffolding/test_generated.py",
    TESTS / "compat/test_project_faults.py",
    TESTS / "compat/test_readme.py",
    TESTS / "integration/testing",
    TESTS / "integration/relay",
    TESTS / "integration/openapi",
    TESTS / "integration/airflow",
    TESTS / "integration/airflow_runs",
    TESTS / "integration/stream/v2/test_faults.py",
)
"""Files and folders that take longest, in the order in which they start. A process that started
one of them last would keep all others waiting."""

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
    yield
    items.sort(key=lambda item: _order(item.path))


class FileScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Runs the tests of a file in one process, and those that share one Airflow, too."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if shares_airflow(nodeid):
            return "the shared Airflow"
        return OWN_AIRFLOW if path.startswith(OWN_AIRFLOW) else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileScheduling:
    """Return the scheduler; pytest-xdist calls this where it runs more than one process."""
    config.option.loadscopereorder = False  # the order of `_order` is the better one
    return FileScheduling(config, log)


def shares_airflow(nodeid: str) -> bool:
    """Return whether a test is one of `SHARED_AIRFLOW`; in each process, they run in a row."""
    return nodeid.partition("::")[0] in SHARED_AIRFLOW


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(DATABASE_FIXTURES & fixtures or item.get_closest_marker("django_db"))


def _check_folder(item: pytest.Item) -> None:
    if _is_without_database(item.path):
        raise pytest.UsageError(f"{item.nodeid}: the tests of this folder must not use a database.")


@cache  # there are many more tests than files
def _is_without_database(file: Path) -> bool:
    return any(file.is_relative_to(folder) for folder in WITHOUT_DATABASE)


@cache
def _order(file: Path) -> int:
    """Return the position of a file or its folder in `LONG`; all others come behind."""
    positions = (place for place, path in enumerate(LONG) if file.is_relative_to(path))
    return next(positions, len(LONG))
