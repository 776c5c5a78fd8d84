"""Faults of dj-actions 0.0.7 that show in a project of one's own: one test for each.

That the wheel holds what it should, and no other top-level name, is tested in `tests/packaging`.
"""

from __future__ import annotations

import os
import pty
from pathlib import Path

import pytest

from tests.compat.project import URLS, Project

START = ("start_actions", "example_app", "--resource", "Todo", "--path", "/todos/")
CREATE = (
    *("create_action", "mark_done", "--app", "example_app", "--resource", "Todo"),
    *("--path", "/todos/", "--type", "instance", "--style", "form"),
)
FOLDER = "example_app/actions/todo"
REGISTRY = f"{FOLDER}/action_registry.py"

WITHOUT_PSYCOPG = """
import sys

sys.modules["psycopg"] = sys.modules["psycopg2"] = None

from django.core.management import call_command

call_command("migrate", verbosity=0)

from dj_actions.models import ActionEvent

ActionEvent.objects.create(request_data={"note": "milk"})
assert ActionEvent.objects.get().request_data == {"note": "milk"}
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the commands have written an action; no terminal was there to answer."""
    project = Project.start(tmp_path_factory.mktemp("generated"))
    project.manage(*START)
    project.manage(*CREATE)
    project.write("urls.py", URLS)
    return project


def start_and_answer(project: Project, answers: str) -> str:
    """Run `start_actions` on a terminal, type the answers, and return what it printed."""
    keyboard, terminal = pty.openpty()
    try:
        os.write(keyboard, answers.encode())
        return project.manage("start_actions", stdin=terminal)
    finally:
        os.close(keyboard)
        os.close(terminal)


def test_the_models_needed_postgresql(project: Project) -> None:
    project.write("script.py", WITHOUT_PSYCOPG)
    project.manage("shell", "-c", "import script")


def test_the_packages_own_actions_lay_in_one_absolute_folder(project: Project) -> None:
    project.write("urls.py", "from dj_actions.api import router\n\nurlpatterns = router.urls\n")
    project.manage("check", "--fail-level", "WARNING")


def test_a_generated_registry_was_found_from_one_folder_only(generated: Project) -> None:
    code = "from example_app.actions.todo.action_registry import ACTIONS; print(ACTIONS)"

    assert "mark_done" in generated.manage("shell", "-c", code, cwd=Path("/"))


def test_the_commands_asked_for_everything(generated: Project) -> None:
    written = {f"{FOLDER}/mark_done/{name}" for name in ("form.py", "definition.yaml")}

    assert {REGISTRY, *written} <= generated.files().keys()


def test_a_generated_registry_did_not_know_its_path(generated: Project) -> None:
    assert '"basepath": "/todos/"' in generated.read(REGISTRY)


def test_the_generated_tests_stopped_in_a_debugger(generated: Project) -> None:
    text = "".join(text for path, text in generated.files().items() if FOLDER in path)
    tests = generated.run("test", "example_app")

    assert ("set_trace" in text, "import mock" in text) == (False, False)
    assert tests.returncode == 0, tests.stderr
    assert "OK" in tests.stderr.splitlines()


def test_the_commands_overwrote_what_was_there(generated: Project, tmp_path: Path) -> None:
    project = generated.copy(tmp_path)
    project.append(REGISTRY, "\nKEPT = 1\n")
    project.append(f"{FOLDER}/mark_done/form.py", "\nKEPT = 1\n")
    before = project.files()
    project.run(*START)
    project.run(*CREATE)

    assert project.files() == before


def test_an_edited_registry_was_written_anew(generated: Project, tmp_path: Path) -> None:
    project = generated.copy(tmp_path)
    project.append(REGISTRY, "\nKEPT = 1\n")
    project.manage(CREATE[0], "mark_open", *CREATE[2:])
    registry = project.read(REGISTRY)

    assert ("mark_done" in registry, "mark_open" in registry) == (True, True)
    assert registry.endswith("\nKEPT = 1\n")


def test_the_commands_went_on_whatever_was_answered(project: Project) -> None:
    printed = start_and_answer(project, "example_app\nTodo\n/todos/\nperhaps\nn\n")

    assert "Nothing was written" in printed
    assert REGISTRY not in project.files()


def test_enter_did_not_mean_yes_though_it_was_shown_as_the_default(project: Project) -> None:
    printed = start_and_answer(project, "example_app\nTodo\n/todos/\n\n")

    assert "[Y/n]" in printed
    assert REGISTRY in project.files()
