"""A registry is changed between its markers, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dj_actions.declaration.enums import ActionType
from dj_actions.scaffolding.errors import ScaffoldingError
from dj_actions.scaffolding.registry_file import Entry, RegistryFile

HEAD = """# -*- mode: python -*-
import os   # badly formatted, and staying so
from dj_actions.util import ACTION_TYPE, STATUS, enrich_actions
action_list=[]
"""
TAIL = """
base = os.path.dirname( __file__ )
ACTIONS = enrich_actions(base, {'basepath': '/todos/'}, action_list)"""
START = "## -- START ACTION REGISTRY -- ##\n"
END = "## -- END ACTION REGISTRY -- ##\n"
WORDS = "ACTION_TYPE.INSTANCE, STATUS.ALPHA"


def entry(name: str = "mark_done", *, is_class: bool = False, bulk: bool = False) -> Entry:
    return Entry(
        action_id=name,
        type=ActionType.BULK if bulk else ActionType.INSTANCE,
        module=f"todos.actions.todo.{name}.action",
        class_name="".join(word.capitalize() for word in name.split("_")),
        is_class=is_class,
    )


def registry(text: str) -> RegistryFile:
    return RegistryFile(Path("action_registry.py"), text)


def changed(block: str, new: Entry) -> str:
    """Register an action; return the block, after a look at what is around it."""
    text = registry(HEAD + START + block + END + TAIL).with_entry(new)
    assert text.startswith(HEAD + START)
    assert text.endswith(END + TAIL)
    return text.removeprefix(HEAD + START).removesuffix(END + TAIL)


def test_a_form_is_appended_after_what_is_there() -> None:
    mine = "# mine\naction_list.append(  ('first', 'instance', 'prod'))  # as I like it\n"

    assert changed(mine, entry()) == f'{mine}action_list.append(("mark_done", {WORDS}))\n'


def test_classes_are_appended_by_their_paths() -> None:
    block = changed("", entry("second", is_class=True))
    block = changed(block, entry("first", is_class=True))

    assert block == (
        'action_list.append("todos.actions.todo.second.action.Second")\n'
        'action_list.append("todos.actions.todo.first.action.First")\n'
    )


def test_a_long_path_is_on_a_line_of_its_own() -> None:
    name = "send_a_reminder_to_all_helpers"

    assert changed("", entry(name, is_class=True)) == (
        "action_list.append(\n"
        f'    "todos.actions.todo.{name}.action.SendAReminderToAllHelpers"\n'
        ")\n"
    )


def test_a_class_goes_below_existing_statements() -> None:
    mine = "# mine\nif os.environ.get('MORE'):\n    action_list.append(More)\n\n\n"

    assert changed(mine, entry("first", is_class=True)) == (
        "# mine\nif os.environ.get('MORE'):\n    action_list.append(More)\n"
        'action_list.append("todos.actions.todo.first.action.First")\n'
        "\n\n"
    )


@pytest.mark.parametrize(
    "block",
    [
        "from todos.actions.todo.first.action import First\n\naction_list.append(First)\n",
        "action_list.append('todos.actions.todo.first.action.First')\n",
    ],
)
def test_a_class_that_is_registered_already_is_kept(block: str) -> None:
    assert changed(block, entry("first", is_class=True)) == block


@pytest.mark.parametrize("is_class", [True, False])
def test_an_action_in_the_other_style_is_replaced(is_class: bool) -> None:
    other = changed("", entry("first", is_class=not is_class))

    assert changed(other, entry("first", is_class=is_class)) == changed(
        "", entry("first", is_class=is_class)
    )


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("## -- START ACTION REGISTRY -- ##", "## -- END ACTION REGISTRY -- ##"),
        ("# -- START ACTION REGISTRY -- #", "# -- END ACTION REGISTRY -- #"),
        ("## -- START ACTION REGISTRY -- ##  ", "# -- END ACTION REGISTRY -- #"),
    ],
)
def test_both_spellings_of_the_markers_are_taken(start: str, end: str) -> None:
    text = registry(f"action_list = []\n{start}\n{end}\n").with_entry(entry())

    assert text == (
        "action_list = []\n"
        f'{start}\naction_list.append(("mark_done", "instance", "alpha"))\n{end}\n'
    )


def test_line_endings_stay_as_they_are() -> None:
    before = (HEAD + START + END + TAIL).replace("\n", "\r\n")

    text = registry(before).with_entry(entry("first", is_class=True))

    assert text.count("\n") == text.count("\r\n") == before.count("\n") + 1


def test_a_byte_order_mark_and_odd_line_breaks_inside_strings_stay() -> None:
    before = f"\ufeffaction_list = []\nNOTE = 'a\x0cb\u2028c'\n{START}{END}"

    text = registry(before).with_entry(entry())

    line = 'action_list.append(("mark_done", "instance", "alpha"))\n'
    assert text == before.replace(END, line + END)


@pytest.mark.parametrize(
    ("imports", "expressions"),
    [
        ("from actions.util import ACTION_TYPE, STATUS", "ACTION_TYPE.INSTANCE, STATUS.ALPHA"),
        ("from dj_actions import util", "util.ACTION_TYPE.INSTANCE, util.STATUS.ALPHA"),
        ("from dj_actions.util import STATUS", '"instance", "alpha"'),
        ("", '"instance", "alpha"'),
    ],
)
def test_type_and_status_use_imported_names(imports: str, expressions: str) -> None:
    text = registry(f"{imports}\naction_list = []\n{START}{END}").with_entry(entry())

    assert f'action_list.append(("mark_done", {expressions}))\n' in text


@pytest.mark.parametrize(
    "line",
    [
        "action_list.append(('mark_done', ACTION_TYPE.INSTANCE.value, STATUS.PROD.value))",
        "action_list.append((\n    'mark_done',\n    'instance',\n    'beta',\n))",
    ],
)
def test_a_line_that_registers_it_already_is_kept(line: str) -> None:
    assert changed(f"{line}\n", entry()) == f"{line}\n"


def test_a_line_with_another_type_is_replaced() -> None:
    block = "action_list.append((\n    'bulk_mark', 'bulk', 'prod',\n))\n# mine\n"

    assert changed(block, entry("bulk_mark")) == (
        f'# mine\naction_list.append(("bulk_mark", {WORDS}))\n'
    )


@pytest.mark.parametrize(
    "block",
    [
        "action_list += [('mark_done', 'bulk', 'alpha'), ('other', 'bulk', 'alpha')]\n",
        "for name in ('mark_done', 'other'):\n    action_list.append((name, 'bulk', 'alpha'))\n",
    ],
)
def test_a_statement_that_names_it_among_others_is_refused(block: str) -> None:
    with pytest.raises(ScaffoldingError, match="more than one statement"):
        changed(block, entry())


def test_what_is_registered_outside_of_the_markers_is_refused() -> None:
    text = f"action_list = [('mark_done', 'instance', 'alpha')]\n{START}{END}"

    assert registry(text).has(entry())
    with pytest.raises(ScaffoldingError, match="outside of the markers"):
        registry(text).with_entry(entry())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("action_list = []\n", "START ACTION REGISTRY"),
        (f"action_list = []\n{START}", "END ACTION REGISTRY"),
        (f"action_list = []\n{END}{START}", "below it"),
        (f"action_list = []\n{START}{END}{START}{END}", "one line"),
        (f"action_list = [\n    {START}    {END}]\n", "one line"),
        (f"def broken(:\n{START}{END}", "Fix it"),
        (f"x = '\0'\n{START}{END}", "Fix it"),
    ],
)
def test_a_registry_that_cannot_be_changed_is_refused(text: str, message: str) -> None:
    with pytest.raises(ScaffoldingError, match=message):
        registry(text)


def test_markers_where_no_statement_is_possible_are_refused() -> None:
    with pytest.raises(ScaffoldingError, match="can be no statements"):
        registry(f"action_list = [\n{START}{END}]\n").with_entry(entry())


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("initial = {'basepath': '/todos/'}", "/todos/"),
        ("initial = {'basepath': ''}", ""),
        ("initial = {'basepath': prefix + '/todos/'}", ""),
        ("initial = dict(other)", ""),
    ],
)
def test_the_path_is_read_from_the_registry(text: str, path: str) -> None:
    assert registry(f"{text}\n{START}{END}").basepath == path
