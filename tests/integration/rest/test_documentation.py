"""docs/actions.md: its sessions, sent by curl to the example project, print what it shows."""

from __future__ import annotations

import io
import shlex
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils.timezone import now
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from example.todos.models import Todo
from tests.conftest import MakeEvent, MakeTodo
from tests.sessions import Step, steps_in

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "actions.md").read_text()
PASSWORD = "of-this-test-alone"
CONSOLE = {"BACKEND": "dj_actions.publishers.console.ConsolePublisher", "ROUTES": ["todo.*"]}
OLD_EVENTS = 12
"""Number of events that the page archives."""


def send(command: str, server: str) -> str:
    """Run curl; `…` stands for the server, and ann has a password."""
    program, *arguments = shlex.split(command)
    found = shutil.which(program)
    assert found
    arguments = [entry.replace("…", server) for entry in arguments]
    arguments = [f"ann:{PASSWORD}" if entry == "ann" else entry for entry in arguments]
    return subprocess.run(
        [found, "--silent", "--show-error", "--max-time", "60", *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def manage(command: str) -> str:
    """Run a management command, and return its output as a terminal shows it."""
    _, name, *arguments = shlex.split(command)
    output = io.StringIO()
    try:
        call_command(name, *arguments, stdout=output, stderr=output)
    except CommandError as error:
        output.write(f"CommandError: {error}")
    return output.getvalue()


@pytest.fixture
def run(
    live_server: LiveServer,
    settings: Settings,
    ann: User,
    make_user: Callable[..., User],
    make_todo: MakeTodo,
    make_event: MakeEvent,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Step], str]:
    """Run a step where the page begins: two todos of ann's, and some old events."""
    settings.ROOT_URLCONF = "example.project.urls"
    settings.DJ_ACTIONS = {"PUBLISHERS": {"console": CONSOLE}}
    monkeypatch.chdir(tmp_path)
    ann.set_password(PASSWORD)
    ann.save()
    make_user("bob")
    make_todo("Buy milk", pk=1)
    make_todo("Water plants", pk=2)
    for _ in range(OLD_EVENTS):
        make_event(created_at=now() - timedelta(days=2))

    def run(step: Step) -> str:
        if step.command.startswith("curl "):
            return send(step.command, live_server.url)
        return manage(step.command)

    return run


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl, which the page uses")
def test_each_session_prints_what_the_page_shows(run: Callable[[Step], str]) -> None:
    steps = list(steps_in(PAGE))
    assert sum(step.command.startswith("curl ") for step in steps) >= 3
    for step in steps:
        printed = run(step)
        assert step.is_shown_by(printed), (step.command, printed)
    assert Todo.objects.filter(done=True).count() == 2
