"""An app to write actions into, and a terminal to answer on."""

from __future__ import annotations

import itertools
import os
import pty
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from dj_actions.registry import registry

MODELS = """
from django.db import models


class Task(models.Model):
    title = models.CharField(max_length=200)


class TaskList(models.Model):
    name = models.CharField(max_length=50, unique=True)


class Client(models.Model):
    name = models.CharField(max_length=50)


class Class(models.Model):
    name = models.CharField(max_length=50)
"""

numbers = itertools.count()

Answer = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchApp:
    """An installed app in a temporary folder, which is also the working directory."""

    name: str
    """Dotted."""

    path: Path

    @property
    def label(self) -> str:
        """The last part of its name."""
        return self.path.name

    def start(self, **options: Any) -> str:
        """Call start_actions for Task; return what it printed."""
        given: dict[str, Any] = {"resource": "Task", "path": "/tasks/"} | options
        return self.call("start_actions", given.pop("app", self.name), **given)

    def create(self, name: str | None = "mark_done", **options: Any) -> str:
        """Call create_action for Task; return what it printed."""
        given: dict[str, Any] = {
            "app": self.name,
            "resource": "Task",
            "path": "/tasks/",
            "type": "instance",
            "style": "class",
        }
        return self.call("create_action", name, **(given | options))

    def call(self, command: str, argument: str | None, **options: Any) -> str:
        """Call a command; return what it printed."""
        out = StringIO()
        call_command(command, *filter(None, [argument]), stdout=out, **options)
        return out.getvalue()

    @property
    def registry(self) -> Path:
        """The registry of the actions on Task."""
        return self.path / "actions" / "task" / "action_registry.py"

    def action(self, name: str = "mark_done") -> Path:
        """Return the folder of an action on Task."""
        return self.registry.parent / name

    def files(self) -> dict[str, bytes]:
        """Return the content of all files below, by their paths."""
        found = (path for path in self.path.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in found
            if "__pycache__" not in path.parts
        }


@pytest.fixture
def scratch(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScratchApp]:
    # Another name for each test: Django keeps the models of an app by its name.
    number = next(numbers)
    app = ScratchApp(
        name=f"scratch{number}.tasks{number}",
        path=tmp_path / f"scratch{number}" / f"tasks{number}",
    )
    app.path.mkdir(parents=True)
    (app.path.parent / "__init__.py").touch()
    (app.path / "__init__.py").touch()
    (app.path / "models.py").write_text(MODELS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, app.name]
    yield app
    for definition in registry:
        if definition.model._meta.app_label == app.label:
            registry.remove(definition)
    for module in [name for name in sys.modules if name.startswith(f"scratch{number}")]:
        del sys.modules[module]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answer]:
    """Return a function that makes standard input a terminal, with these answers typed."""
    controller, terminal = pty.openpty()
    with os.fdopen(terminal) as stdin:

        def answer(*lines: str) -> None:
            monkeypatch.setattr(sys, "stdin", stdin)
            os.write(controller, "".join(f"{line}\n" for line in lines).encode())

        yield answer
    os.close(controller)
