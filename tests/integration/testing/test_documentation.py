"""docs/testing.md: its examples run unchanged, and print the output that it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dj_actions.testing import assert_delivered, drain
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.integration.testing.conftest import Configure
from tests.integration.testing.project import FILES, run, write

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "testing.md").read_text()

EXAMPLES: dict[str, str] = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
"""File that an example says it is → its code."""

INHERITED = "test_publishing_twice_has_one_effect_and_the_same_receipt"
"""One of the tests of `PublisherContract`."""


def names_of_tests_in(*names: str) -> set[str]:
    """Return the names of the tests that are written down in these examples."""
    return {test for name in names for test in re.findall(r"def (test_\w+)", EXAMPLES[name])}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with all the examples in it."""
    write(tmp_path, FILES | EXAMPLES)
    return tmp_path


def test_each_example_says_which_file_it_is() -> None:
    assert len(EXAMPLES) == PAGE.count("```python") > 5


def test_the_examples_for_pytest_pass(project: Path) -> None:
    files = [name for name in EXAMPLES if Path(name).name.startswith("test_")]
    printed = run(project, "-m", "pytest", "-v", *files)
    passed = set(re.findall(r"::(test_\w+) PASSED", printed))

    assert passed >= names_of_tests_in(*files) | {INHERITED}
    assert "failed" not in printed


def test_the_examples_for_djangos_runner_pass(project: Path) -> None:
    files = [name for name in EXAMPLES if Path(name).name == "tests.py"]
    printed = run(project, "manage.py", "test", "--verbosity", "2")
    passed = set(re.findall(r"^(test_\w+) \(.* \.\.\. ok$", printed, re.MULTILINE))

    assert passed >= names_of_tests_in(*files) | {INHERITED}


@pytest.mark.django_db
def test_a_failure_reads_as_the_page_says(configure: Configure, todo: Todo) -> None:
    configure(times=2, error="PublisherUnavailable")
    MarkDone.run(object=todo)
    drain("feeds")

    with pytest.raises(AssertionError) as failed:
        assert_delivered(MarkDone, to="feeds")

    said, _, _ = str(failed.value).partition("\n  pipelines")
    assert f"\n```\n{said}\n```\n" in PAGE
