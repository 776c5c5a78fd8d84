"""manage.py airflow_params."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def run(*arguments: str) -> str:
    """Return what the command prints."""
    out = StringIO()
    call_command("airflow_params", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_a_module() -> None:
    assert (
        run("todo", "mark_done")
        == '''"""Params of todo.mark_done, made by `manage.py airflow_params`."""

from __future__ import annotations

from airflow.sdk import Param

MARK_DONE_PARAMS = {
    "note": Param(
        "",
        description="How it went.",
        anyOf=[{"type": "string", "minLength": 1, "maxLength": 200}, {"const": ""}],
    ),
}
'''
    )


def test_it_writes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "params.py"

    assert run("todo", "mark_done", "--output", str(path)) == ""
    assert path.read_text() == run("todo", "mark_done")


def test_an_unknown_action_is_told_from_those_there_are() -> None:
    with pytest.raises(CommandError, match=r"Registered actions: .*todo\.mark_done"):
        run("todo", "nothing")


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Cannot write --output"):
        run("todo", "mark_done", "--output", str(tmp_path / "no" / "params.py"))
