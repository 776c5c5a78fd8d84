"""manage.py start_actions: the packages and the registry for the actions on a model."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from tests.integration.scaffolding.conftest import ScratchApp

NEW_FILES = {
    "actions/__init__.py",
    "actions/task/__init__.py",
    "actions/task/action_registry.py",
}

ORIGINAL_REGISTRY = """
from dj_actions.util import (
    STATUS,
    ACTION_TYPE,
    enrich_actions
)

action_list = []
# -- START ACTION REGISTRY -- #
action_list.append(('mark_done', ACTION_TYPE.INSTANCE.value, STATUS.BETA.value))
# -- END ACTION REGISTRY -- #

base = 'tasks/actions/task'
initial_registry = {"resource": "task", "basepath": "/api/tasks/", "actions": {}}
ACTIONS = enrich_actions(base, initial_registry, action_list)
"""


def test_it_writes_the_packages_and_the_registry(scratch: ScratchApp) -> None:
    before = set(scratch.files())

    printed = scratch.start()

    assert set(scratch.files()) - before == NEW_FILES
    assert '"resource": "task", "basepath": "/tasks/"' in scratch.registry.read_text()
    assert f"from {scratch.name}.actions.task.action_registry import ACTIONS" in printed


def test_a_second_run_writes_nothing(scratch: ScratchApp) -> None:
    scratch.start()
    before = scratch.files()

    assert "all files exist already." in scratch.start()
    assert scratch.files() == before


def test_only_what_is_missing_is_written(scratch: ScratchApp) -> None:
    scratch.start()
    package = scratch.path / "actions" / "task" / "__init__.py"
    package.unlink()

    printed = scratch.start()

    assert package.exists()
    assert printed.count("create ") == 1


def test_an_app_can_have_several_resources(scratch: ScratchApp) -> None:
    scratch.start()
    scratch.start(resource="TaskList", path="/lists/")

    registry = scratch.path / "actions" / "tasklist" / "action_registry.py"
    assert '"basepath": "/lists/"' in registry.read_text()


@pytest.mark.parametrize("force", [False, True])
def test_what_packages_hold_is_kept(scratch: ScratchApp, *, force: bool) -> None:
    package = scratch.path / "actions" / "__init__.py"
    package.parent.mkdir()
    package.write_text("FIRST = 1\n")

    scratch.start(force=force)

    assert package.read_text() == "FIRST = 1\n"


def test_a_dry_run_shows_all_and_writes_nothing(scratch: ScratchApp) -> None:
    before = scratch.files()

    printed = scratch.start(dry_run=True)

    assert scratch.files() == before
    registry = scratch.registry.relative_to(Path.cwd())
    assert f"create    {registry}\n" in printed
    assert f"--- /dev/null\n+++ {registry}\n" in printed
    assert "+## -- START ACTION REGISTRY -- ##\n" in printed


def test_an_app_is_found_by_its_label_and_by_its_dotted_name(scratch: ScratchApp) -> None:
    scratch.start(app=scratch.label)

    assert scratch.registry.exists()
    assert "all files exist already." in scratch.start(app=scratch.name)


def test_files_are_written_where_the_app_is_wherever_one_stands(
    scratch: ScratchApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    printed = scratch.start()

    assert scratch.registry.exists()
    assert list(elsewhere.iterdir()) == []
    assert f"create    {scratch.registry}\n" in printed


def test_the_case_of_a_model_and_the_slashes_of_a_path_do_not_matter(scratch: ScratchApp) -> None:
    scratch.start(resource="task", path="api/v1/tasks")

    assert '"resource": "task", "basepath": "/api/v1/tasks/"' in scratch.registry.read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"app": "exampel.todos"}, "Did you mean 'example.todos'"),
        ({"app": "nowhere"}, "INSTALLED_APPS"),
        ({"app": "auth", "resource": "User"}, "app of your own project"),
        ({"app": "dj_actions", "resource": "ActionEvent"}, "app of your own project"),
        ({"resource": "Taks"}, "Did you mean 'Task'"),
        ({"resource": "Invoice"}, "Its models: Class, Client, Task, TaskList."),
        ({"resource": "Class"}, "Python keyword"),
        ({"path": "/tasks/<pk>/"}, "not a valid URL path"),
        ({"path": "/to dos/"}, "not a valid URL path"),
        ({"path": "/"}, "not a valid URL path"),
    ],
)
def test_invalid_options_are_refused(
    scratch: ScratchApp, options: dict[str, str], message: str
) -> None:
    before = scratch.files()

    with pytest.raises(CommandError, match=message):
        scratch.start(**options)
    assert scratch.files() == before


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        ({"app": None}, "app"),
        ({"resource": None}, "--resource"),
        ({"path": None}, r"--path \(perhaps /tasks/\)"),
    ],
)
def test_without_a_terminal_what_is_missing_is_named(
    scratch: ScratchApp, options: dict[str, None], flag: str
) -> None:
    with pytest.raises(CommandError, match=f"Missing: {flag}"):
        scratch.start(**options)


def test_all_that_is_missing_is_named_at_once(scratch: ScratchApp) -> None:
    with pytest.raises(CommandError, match=r"Missing: app, --resource\."):
        scratch.start(app=None, resource=None)


def test_actions_in_a_module_are_not_hidden_by_a_package(scratch: ScratchApp) -> None:
    (scratch.path / "actions.py").write_text("FIRST = 1\n")
    before = scratch.files()

    with pytest.raises(CommandError, match="would hide it"):
        scratch.start()
    assert scratch.files() == before


def test_the_advice_for_actions_in_a_module_works(scratch: ScratchApp) -> None:
    module = scratch.path / "actions.py"
    module.write_text("FIRST = 1\n")
    with pytest.raises(CommandError, match=r"mkdir \S+/actions && mv \S+/actions.py \S+") as error:
        scratch.start()
    package = scratch.path / "actions"
    assert f"mkdir {package.relative_to(Path.cwd())} && mv" in str(error.value)

    package.mkdir()
    module.rename(package / "__init__.py")
    scratch.start()

    assert (package / "__init__.py").read_text() == "FIRST = 1\n"


def test_a_registry_of_the_original_is_left_as_it_is(scratch: ScratchApp) -> None:
    scratch.registry.parent.mkdir(parents=True)
    scratch.registry.write_text(ORIGINAL_REGISTRY)

    scratch.start(path=None)

    assert scratch.registry.read_text() == ORIGINAL_REGISTRY


def test_another_path_than_the_registrys_is_refused(scratch: ScratchApp) -> None:
    scratch.start()
    before = scratch.files()

    with pytest.raises(CommandError, match='"basepath": "/tasks/", not "/other/"'):
        scratch.start(path="/other/")
    assert scratch.files() == before


def test_force_rewrites_a_registry_and_keeps_its_actions(scratch: ScratchApp) -> None:
    scratch.registry.parent.mkdir(parents=True)
    scratch.registry.write_text(ORIGINAL_REGISTRY)

    printed = scratch.start(path="/tasks/", force=True)

    text = scratch.registry.read_text()
    assert f"overwrite {scratch.registry.relative_to(Path.cwd())}\n" in printed
    assert '"basepath": "/tasks/"' in text
    assert "('mark_done', ACTION_TYPE.INSTANCE.value, STATUS.BETA.value)" in text
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    assert {"ACTION_TYPE", "STATUS"} <= names & {
        entry.name for node in imports for entry in node.names
    }


@pytest.mark.parametrize("text", ["", "action_list = []\n", "def broken(:\n"])
@pytest.mark.parametrize("force", [False, True])
def test_a_registry_that_cannot_be_changed_is_refused(
    scratch: ScratchApp, text: str, *, force: bool
) -> None:
    scratch.registry.parent.mkdir(parents=True)
    scratch.registry.write_text(text)

    with pytest.raises(CommandError, match=r"START ACTION REGISTRY|Fix it"):
        scratch.start(force=force)
    assert scratch.registry.read_text() == text


def test_files_written_before_a_failure_are_removed(scratch: ScratchApp) -> None:
    # A file where the folder of the resource would be.
    folder = scratch.path / "actions"
    folder.mkdir()
    (folder / "task").write_text("not a folder\n")
    before = scratch.files()

    with pytest.raises(CommandError, match="Nothing was changed"):
        scratch.start()
    assert scratch.files() == before
