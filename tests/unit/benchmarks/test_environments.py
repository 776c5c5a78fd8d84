"""Environments of candidates: installed by uv, or skipped with a reason."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.child import ChildProcess
from benchmarks.drain.benchmark import set_up_all
from benchmarks.drain.candidates import DJ_ACTIONS, RELIABLE_OUTBOX
from benchmarks.drain.entries import Entry
from benchmarks.drain.environments import Environment, EnvironmentUnavailable, install, set_up
from benchmarks.drain.workload import Variant

URL = "postgres://localhost/none"
"""Not connected to."""


@pytest.fixture
def uv() -> str:
    found = os.environ.get("UV") or shutil.which("uv")
    if not found:
        pytest.skip("uv is not on PATH.")
    return found


def create_project(folder: Path, requires_python: str) -> Path:
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        f"""[project]
name = "empty"
version = "1"
requires-python = "{requires_python}"

[tool.uv]
package = false
python-downloads = "never"
"""
    )
    (folder / "uv.lock").write_text(
        f"""version = 1
requires-python = "{requires_python}"

[[package]]
name = "empty"
version = "1"
source = {{ virtual = "." }}
"""
    )
    return folder


@pytest.mark.usefixtures("uv")
def test_a_project_is_installed_and_its_interpreter_runs_a_child(tmp_path: Path) -> None:
    project = create_project(tmp_path / "project", ">=3.11")
    interpreter = install(project)
    done = subprocess.run(
        [interpreter, "-c", "import sys; print(sys.prefix)"], check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert Path(done.stdout.strip()).resolve() == (project / ".venv").resolve()


def test_a_child_runs_with_the_given_interpreter(tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text('#!/bin/sh\necho "{\\"arguments\\": \\"$*\\"}"\n')
    script.chmod(0o755)
    with ChildProcess("some.module", ["x"], environment={}, interpreter=str(script)) as child:
        assert child.read() == {"arguments": "-m some.module x"}


@pytest.mark.usefixtures("uv")
def test_without_a_python_for_it_a_project_is_unavailable(tmp_path: Path) -> None:
    project = create_project(tmp_path / "project", ">=3.98")
    with pytest.raises(
        EnvironmentUnavailable, match=r"it needs Python >=3\.98 and .* uv reports: \S"
    ):
        install(project)


def test_without_uv_a_project_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        EnvironmentUnavailable, match="uv, which installs its packages, is not on PATH"
    ):
        install(tmp_path)


def test_a_candidate_without_a_project_uses_the_environment_of_the_benchmarks() -> None:
    assert set_up(DJ_ACTIONS, URL) == Environment()


def test_a_candidate_that_is_unavailable_is_skipped_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    entries: list[Entry] = [(DJ_ACTIONS, Variant()), (RELIABLE_OUTBOX, Variant())]
    lines: list[str] = []
    environments, skipped = set_up_all(entries, URL, lines.append)
    assert set(environments) == {"dj_actions"}
    assert skipped["django-reliable-outbox"].startswith("uv, which installs")
    assert lines == [f"Skipping django-reliable-outbox: {skipped['django-reliable-outbox']}"]
