"""Whatever is written on a command line ends in one line, not in a traceback."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from example.launch.airflow_environment import ROOT
from tests.conftest import MakeDelivery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

UNDECODABLE = os.fsdecode(b"a\xffb")

TEXTS = (
    ("outbox", "list", "--publisher"),
    ("outbox", "list", "--action"),
    ("outbox", "list", "--object"),
    ("outbox", "list", "--key"),
    ("outbox", "list", "--error"),
    ("outbox", "stats", "--publisher"),
    ("outbox", "retry", "--key"),
    ("outbox", "cancel", "--all", "--reason"),
    ("outbox", "cancel", "--all", "--reason", "x", "--as"),
    ("outbox", "pause", "--reason", "x"),
    ("run_action", "todo", "mark_done", "--pk"),
    ("run_action", "todo", "mark_done", "--pk", "1", "--as"),
    ("run_action", "todo", "mark_done", "--pk", "1", "--idempotency-key"),
    ("run_action", "todo", "mark_done", "--pk", "1", "--data"),
    ("run_action", "todo"),
    ("run_relay", "--drain", "--publisher"),
    ("archive_actions", "--to-file"),
    ("prune_outbox", "--dead-after"),
    ("dj_actions_doctor", "--max-waiting"),
    ("start_actions", "--resource", "Todo"),
    ("create_action", "--app", "todos", "--resource", "Todo", "--type=bulk", "--style=form"),
)
TIMES = (
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59.999999",
)


@pytest.mark.parametrize("value", [UNDECODABLE, "a\0b"], ids=["undecodable", "null"])
@pytest.mark.parametrize("arguments", TEXTS, ids=" ".join)
def test_text_that_cannot_be_stored_is_refused(arguments: tuple[str, ...], value: str) -> None:
    with pytest.raises(CommandError) as caught:
        call_command(*arguments, value, stdout=io.StringIO(), stderr=io.StringIO())
    assert repr(value)[1:-1] in str(caught.value)
    str(caught.value).encode()


@pytest.mark.parametrize("value", TIMES)
@pytest.mark.parametrize("option", ["--since", "--until"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", None])
def test_times_at_the_end_of_the_calendar_are_refused(
    settings: Settings, option: str, value: str, zone: str | None
) -> None:
    settings.USE_TZ, settings.TIME_ZONE = zone is not None, zone or "America/Adak"
    with pytest.raises(CommandError, match="is not between the years 2 and 9998"):
        call_command("outbox", "list", option, value)


@pytest.mark.parametrize("value", ["0002-01-01T00:00:00+14:00", "9998-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("use_tz", [True, False])
def test_the_widest_times_are_accepted(
    settings: Settings, make_delivery: MakeDelivery, value: str, *, use_tz: bool
) -> None:
    make_delivery()
    settings.USE_TZ = use_tz
    said = io.StringIO()
    call_command("archive_actions", "--dry-run", "--before", value, stdout=said)
    assert said.getvalue() == "0 events would be archived.\n"
    option = "--since" if value < "1" else "--until"
    call_command("outbox", "list", option, value, stdout=said)
    assert "todo.mark_done" in said.getvalue()


@pytest.mark.parametrize(
    "data", ["[" * 200_000, '{"a":' * 200_000, '{"a":' * 900 + "1" + "}" * 900]
)
def test_deeply_nested_data_is_refused(todo: Any, data: str) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("run_action", "todo", "mark_done", "--pk", str(todo.pk), "--data", data)
    assert len(str(caught.value)) < 1000


def test_the_shell_sees_one_line_and_the_exit_code(tmp_path: Path) -> None:
    database = {"DATABASE_URL": f"sqlite:///{tmp_path / 'none.sqlite3'}"}
    ended = subprocess.run(
        [sys.executable, "example/manage.py", "outbox", "list", "--publisher", b"\xff"],
        env={**os.environ, **database}, cwd=ROOT, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr == (
        b"CommandError: The argument '\\udcff' contains null characters, or bytes that are not "
        b"UTF-8.\n"
    )
