"""manage.py create_action: the files of an action, and its line in the registry."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from django.core.management.base import CommandError

from tests.conftest import Declare
from tests.integration.scaffolding.conftest import ScratchApp

CLASS_FILES = {
    "__init__.py",
    "action.py",
    "tests/__init__.py",
    "tests/test_action.py",
    "tests/test_api.py",
}
FORM_FILES = {
    "__init__.py",
    "README.md",
    "definition.yaml",
    "form.py",
    "tests/__init__.py",
    "tests/test_api.py",
    "tests/test_form.py",
}


def block(scratch: ScratchApp) -> list[str]:
    """Return the lines between the registry's markers."""
    lines = scratch.registry.read_text().splitlines()
    first = lines.index("## -- START ACTION REGISTRY -- ##")
    return lines[first + 1 : lines.index("## -- END ACTION REGISTRY -- ##")]


@pytest.mark.parametrize(("style", "files"), [("class", CLASS_FILES), ("form", FORM_FILES)])
def test_it_writes_the_files_of_the_style(scratch: ScratchApp, style: str, files: set[str]) -> None:
    scratch.start()
    before = set(scratch.files())

    printed = scratch.create(style=style)

    new = set(scratch.files()) - before
    assert new == {f"actions/task/mark_done/{name}" for name in files}
    assert f"manage.py test {scratch.name}.actions.task.mark_done" in printed


def test_it_does_what_start_actions_does_if_need_be(scratch: ScratchApp) -> None:
    printed = scratch.create()

    assert scratch.registry.exists()
    assert f"create    {scratch.registry.relative_to(Path.cwd())}\n" in printed
    assert "all files exist already." in scratch.start()


def test_a_class_is_appended_by_its_path(scratch: ScratchApp) -> None:
    scratch.create()

    path = f"{scratch.name}.actions.task.mark_done.action.MarkDone"
    assert "".join(line.strip() for line in block(scratch)) == f'action_list.append("{path}")'


def test_a_form_is_appended_as_id_type_and_status(scratch: ScratchApp) -> None:
    scratch.create(style="form")
    scratch.create("mark_all_done", style="form", type="bulk")

    assert block(scratch) == [
        'action_list.append(("mark_done", util.ACTION_TYPE.INSTANCE, util.STATUS.ALPHA))',
        'action_list.append(("mark_all_done", util.ACTION_TYPE.BULK, util.STATUS.ALPHA))',
    ]


def test_a_definition_documents_the_form(scratch: ScratchApp) -> None:
    scratch.create(style="form")

    module = f"{scratch.name}.actions.task.mark_done"
    definition = yaml.safe_load((scratch.action() / "definition.yaml").read_text())
    assert definition["title"] == "Mark done"
    assert definition["form"] == f"{module}.form.MarkDoneForm"
    assert definition["commands"][0]["command"] == f"python manage.py test {module}"
    assert set(definition) >= {
        *("version", "is_live", "description", "multiple_results", "capabilities", "tags"),
        *("example_payload", "examples"),
    }


@pytest.mark.parametrize("word", ["no", "on", "null", "y"])
def test_a_title_that_yaml_would_convert_stays_a_string(scratch: ScratchApp, word: str) -> None:
    scratch.create(word, style="form")

    definition = yaml.safe_load((scratch.action(word) / "definition.yaml").read_text())
    assert definition["title"] == word.capitalize()


def test_a_class_sets_a_name_that_its_class_name_does_not_imply(scratch: ScratchApp) -> None:
    scratch.create("step_2")

    assert 'name = "step_2"' in (scratch.action("step_2") / "action.py").read_text()


def test_an_action_called_as_its_model_does_not_hide_it(scratch: ScratchApp) -> None:
    scratch.create("task")

    text = (scratch.action("task") / "action.py").read_text()
    assert f"from {scratch.name}.models import Task as TaskModel" in text
    assert "model = TaskModel" in text


def test_a_model_called_as_a_test_cases_own_attribute_gets_another_variable(
    scratch: ScratchApp,
) -> None:
    scratch.create("suspend", resource="Client", path="/clients/")

    folder = scratch.path / "actions" / "client" / "suspend"
    text = (folder / "tests" / "test_api.py").read_text()
    assert "self.client_object = Client.objects.create(" in text


def test_a_dry_run_shows_all_and_writes_nothing(scratch: ScratchApp) -> None:
    scratch.start()
    before = scratch.files()

    printed = scratch.create(dry_run=True)

    registry = scratch.registry.relative_to(Path.cwd())
    action = (scratch.action() / "action.py").relative_to(Path.cwd())
    assert scratch.files() == before
    assert f"create    {action}\n" in printed
    assert f"--- /dev/null\n+++ {action}\n" in printed
    assert f"--- {registry}\n+++ {registry}\n" in printed
    assert re.search(r'^\+.*task\.mark_done\.action\.MarkDone"', printed, re.MULTILINE)
    assert "-" not in {line[:1] for line in printed.splitlines() if not line.startswith("---")}


def test_the_path_is_taken_from_the_registry(scratch: ScratchApp) -> None:
    scratch.start(path="/api/v1/tasks/")

    scratch.create(path=None)

    text = (scratch.action() / "tests" / "test_api.py").read_text()
    assert 'get_instance_action_url("api/v1/tasks", self.task.pk, "mark_done")' in text


def test_another_path_than_the_registrys_is_refused(scratch: ScratchApp) -> None:
    scratch.start()
    before = scratch.files()

    with pytest.raises(CommandError, match='"basepath": "/tasks/", not "/other/"'):
        scratch.create(path="/other/")
    assert scratch.files() == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("MarkDone", "not in snake_case"),
        ("mark-done", "not in snake_case"),
        ("mark__done", "not in snake_case"),
        ("mark_done_", "not in snake_case"),
        ("2_do", "not in snake_case"),
        ("../mark", "not in snake_case"),
        ("märk", "not in snake_case"),
        ("mark_done\n", "not in snake_case"),
        ("m" * 101, "at most 100"),
        ("list", "reserved"),
        ("class", "reserved"),
        ("action_registry", "reserved"),
        ("destroy", "have an attribute 'destroy'"),
        ("request", "have an attribute 'request'"),
    ],
)
def test_invalid_names_are_refused(scratch: ScratchApp, name: str, message: str) -> None:
    before = scratch.files()

    with pytest.raises(CommandError, match=message):
        scratch.create(name)
    assert scratch.files() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"app": "nowhere"}, "There is no app 'nowhere'"),
        ({"resource": "Taks"}, "Did you mean 'Task'"),
        ({"path": "to dos"}, "not a valid URL path"),
        ({"type": "both"}, "'both'; expected one of: instance, bulk"),
        ({"style": "function"}, "'function'; expected one of: class, form"),
    ],
)
def test_invalid_options_are_refused(
    scratch: ScratchApp, options: dict[str, str], message: str
) -> None:
    before = scratch.files()

    with pytest.raises(CommandError, match=message):
        scratch.create(**options)
    assert scratch.files() == before


def test_without_a_terminal_all_that_is_missing_is_named(scratch: ScratchApp) -> None:
    with pytest.raises(CommandError) as error:
        scratch.create(None, app=None, resource=None, type=None, style=None)

    for flag in ("id", "--app", "--resource", "--type instance|bulk", "--style class|form"):
        assert flag in str(error.value)


def test_without_a_terminal_an_unknown_path_is_asked_for_by_its_flag(scratch: ScratchApp) -> None:
    with pytest.raises(CommandError, match=r"Missing: --path \(perhaps /tasks/\)"):
        scratch.create(path=None)


@pytest.mark.parametrize("style", ["class", "form"])
def test_an_action_that_exists_is_refused(scratch: ScratchApp, style: str) -> None:
    scratch.create(style=style)
    before = scratch.files()

    with pytest.raises(CommandError, match="action 'mark_done' on Task already"):
        scratch.create(style=style)
    assert scratch.files() == before


def test_what_would_be_overwritten_is_listed(scratch: ScratchApp) -> None:
    scratch.create()
    changed = scratch.action() / "action.py"
    changed.write_text("# mine\n")

    with pytest.raises(CommandError, match="would be overwritten") as error:
        scratch.create()

    assert str(changed.relative_to(Path.cwd())) in str(error.value)
    assert "test_api.py" not in str(error.value)
    assert changed.read_text() == "# mine\n"


def test_a_file_in_the_place_of_a_new_action_is_not_overwritten(scratch: ScratchApp) -> None:
    scratch.start()
    scratch.action().mkdir()
    kept = scratch.action() / "action.py"
    kept.write_text("# mine\n")
    before = scratch.files()

    with pytest.raises(CommandError, match="would be overwritten"):
        scratch.create()
    assert scratch.files() == before


def test_force_overwrites_an_action(scratch: ScratchApp) -> None:
    scratch.create()
    fresh = scratch.files()
    changed = scratch.action() / "action.py"
    changed.write_text("# mine\n")

    printed = scratch.create(force=True)

    assert scratch.files() == fresh
    assert f"overwrite {changed.relative_to(Path.cwd())}\n" in printed


def test_force_keeps_the_content_of_a_package(scratch: ScratchApp) -> None:
    scratch.create()
    package = scratch.action() / "__init__.py"
    package.write_text("FIRST = 1\n")

    scratch.create(force=True)

    assert package.read_text() == "FIRST = 1\n"


def test_force_can_change_the_type(scratch: ScratchApp) -> None:
    scratch.create(style="form")

    scratch.create(style="form", type="bulk", force=True)

    assert block(scratch) == [
        'action_list.append(("mark_done", util.ACTION_TYPE.BULK, util.STATUS.ALPHA))'
    ]
    assert "multiple_results: true" in (scratch.action() / "definition.yaml").read_text()


@pytest.mark.parametrize("force", [False, True])
def test_an_action_of_the_other_style_is_not_written_over(
    scratch: ScratchApp, *, force: bool
) -> None:
    scratch.create(style="form")
    before = scratch.files()

    with pytest.raises(CommandError, match="other style"):
        scratch.create(style="class", force=force)
    assert scratch.files() == before


@pytest.mark.parametrize("force", [False, True])
def test_an_action_that_is_declared_elsewhere_is_refused(
    scratch: ScratchApp, declare: Declare, *, force: bool
) -> None:
    declare(name="poke_elsewhere", resource="task")

    with pytest.raises(CommandError, match=r"task\.poke_elsewhere already, declared elsewhere"):
        scratch.create("poke_elsewhere", force=force)
    assert not scratch.registry.exists()


def test_actions_in_a_module_are_not_hidden_by_a_package(scratch: ScratchApp) -> None:
    (scratch.path / "actions.py").write_text("FIRST = 1\n")
    before = scratch.files()

    with pytest.raises(CommandError, match="would hide it"):
        scratch.create()
    assert scratch.files() == before


def test_new_files_are_formatted_as_the_project_does_but_not_the_edited_registry(
    scratch: ScratchApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch.start()
    black = tmp_path / "programs" / "black"
    black.parent.mkdir()
    black.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.called"\n')
    black.chmod(0o755)
    monkeypatch.setenv("PATH", str(black.parent), prepend=os.pathsep)

    scratch.create(style="form")

    called = set(black.with_suffix(".called").read_text().splitlines())
    files = {scratch.action() / name for name in FORM_FILES if name.endswith(".py")}
    assert {entry for entry in called if entry.endswith(".py")} == {str(path) for path in files}


def test_files_written_before_a_failure_are_removed(scratch: ScratchApp) -> None:
    scratch.start()
    # A file where the folder of the tests would be.
    scratch.action().mkdir()
    (scratch.action() / "tests").write_text("not a folder\n")
    before = scratch.files()

    with pytest.raises(CommandError, match="Nothing was changed"):
        scratch.create()
    assert scratch.files() == before
