"""What the commands ask on a terminal."""

from __future__ import annotations

import pytest
from django.core.management.base import CommandError

from tests.integration.scaffolding.conftest import Answer, ScratchApp

OPEN = {"app": None, "resource": None, "path": None, "type": None, "style": None}


def test_all_is_asked_for_and_written(scratch: ScratchApp, answer: Answer) -> None:
    answer("mark_done", scratch.label, "Task", "/api/tasks/", "bulk", "form", "y")

    scratch.create(None, **OPEN)

    assert '"mark_done", util.ACTION_TYPE.BULK' in scratch.registry.read_text()
    assert '"basepath": "/api/tasks/"' in scratch.registry.read_text()
    assert (scratch.action() / "form.py").exists()


def test_enter_gives_what_is_shown(
    scratch: ScratchApp, answer: Answer, capsys: pytest.CaptureFixture[str]
) -> None:
    answer("", "", "", "")

    scratch.create(path=None, type=None, style=None)

    shown = capsys.readouterr().out
    assert "[/tasks/]: " in shown
    assert "[instance]: " in shown
    assert "[class]: " in shown
    assert "[Y/n] " in shown
    assert '"basepath": "/tasks/"' in scratch.registry.read_text()
    assert "bulk" not in (scratch.action() / "action.py").read_text()


@pytest.mark.parametrize("declined", ["n", "no", "N"])
def test_a_declined_confirmation_writes_nothing(
    scratch: ScratchApp, answer: Answer, declined: str
) -> None:
    before = scratch.files()
    answer("", declined)

    printed = scratch.create(style=None)

    assert "Nothing was written." in printed
    assert scratch.files() == before


def test_an_unknown_answer_is_not_a_yes(scratch: ScratchApp, answer: Answer) -> None:
    before = scratch.files()
    answer("", "perhaps", "n")

    printed = scratch.create(style=None)

    assert "Please answer y or n." in printed
    assert scratch.files() == before


def test_an_invalid_answer_is_asked_for_again(scratch: ScratchApp, answer: Answer) -> None:
    answer("Mark Done", "mark_done", "y")

    printed = scratch.create(None)

    assert "not in snake_case" in printed
    assert (scratch.action() / "action.py").exists()


def test_an_invalid_option_ends_the_command(scratch: ScratchApp, answer: Answer) -> None:
    answer()

    with pytest.raises(CommandError, match="not in snake_case"):
        scratch.create("Mark Done", style=None)


def test_what_is_given_in_full_is_written_without_a_question(
    scratch: ScratchApp, answer: Answer, capsys: pytest.CaptureFixture[str]
) -> None:
    answer()

    scratch.create()

    assert capsys.readouterr().out == ""
    assert scratch.registry.exists()


def test_overwriting_is_confirmed(scratch: ScratchApp, answer: Answer) -> None:
    scratch.create()
    mine = scratch.action() / "action.py"
    mine.write_text("# mine\n")
    answer("n")

    scratch.create(force=True)

    assert mine.read_text() == "# mine\n"


def test_no_input_asks_nothing_on_a_terminal(
    scratch: ScratchApp, answer: Answer, capsys: pytest.CaptureFixture[str]
) -> None:
    answer("class")

    with pytest.raises(CommandError, match="Missing: --style"):
        scratch.create(style=None, no_input=True)
    assert capsys.readouterr().out == ""


def test_the_end_of_input_writes_nothing(scratch: ScratchApp, answer: Answer) -> None:
    before = scratch.files()
    answer("\x04")  # what Ctrl-D types

    printed = scratch.create(style=None)

    assert "Nothing was written." in printed
    assert scratch.files() == before


def test_start_actions_asks_for_what_is_missing(scratch: ScratchApp, answer: Answer) -> None:
    answer(scratch.label, "task", "", "")

    scratch.start(app=None, resource=None, path=None)

    assert '"basepath": "/tasks/"' in scratch.registry.read_text()


def test_a_dry_run_asks_for_no_confirmation(scratch: ScratchApp, answer: Answer) -> None:
    before = scratch.files()
    answer("")

    printed = scratch.create(style=None, dry_run=True)

    assert "Dry run: nothing was written." in printed
    assert scratch.files() == before


def test_the_models_to_choose_from_are_named(
    scratch: ScratchApp, answer: Answer, capsys: pytest.CaptureFixture[str]
) -> None:
    answer("Task", "")

    scratch.start(resource=None)

    assert "Model (Task, TaskList, Client, Class): " in capsys.readouterr().out
