"""A pattern names one action, or all of one resource, and nothing that only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_actions.exceptions import InvalidAction
from dj_actions.machine_tokens.patterns import names_action, require_patterns

KNOWN = [("todo", "mark_done"), ("todo", "bulk_mark_done"), ("todo_list", "mark_done")]

NAMES = st.sampled_from(["todo", "Todo", "todo_list", "todo-list", "to", "a.b", "b", "", "*"])
ACTIONS = st.sampled_from(["mark_done", "Mark_Done", "mark", "bulk_mark_done", "x", "prod"])


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("todo.mark_done", ["todo.mark_done"]),
        ("todo.*", ["todo.mark_done", "todo.bulk_mark_done"]),
        ("todo_list.*", ["todo_list.mark_done"]),
        ("Todo.*", []),
        ("todo.Mark_done", []),
        ("todo*", []),
        ("todo*.mark_done", []),
        ("todo.mark*", []),
        ("*.mark_done", []),
        ("*.*", []),
        ("*", []),
        ("todo", []),
        ("todo.", []),
        (".mark_done", []),
        ("todo.mark_done ", []),
        ("todo.?ark_done", []),
        ("todo.[a-z]*", []),
        ("", []),
    ],
)
def test_a_pattern_names(pattern: str, named: list[str]) -> None:
    assert [f"{one}.{two}" for one, two in KNOWN if names_action([pattern], one, two)] == named


@given(resource=NAMES, action=ACTIONS, other=NAMES, name=ACTIONS)
def test_no_other_action_is_named(resource: str, action: str, other: str, name: str) -> None:
    one, whole = f"{resource}.{action}", f"{resource}.*"

    assert names_action([one], other, name) == ((resource, action) == (other, name))
    assert names_action([whole], other, name) == (resource == other)
    assert names_action([one, whole], other, name) == (resource == other)
    assert not names_action([], other, name)


def test_patterns_are_kept_once_and_in_order() -> None:
    assert require_patterns(["todo.*", "todo_list.mark_done", "todo.*"], KNOWN) == [
        "todo.*",
        "todo_list.mark_done",
    ]


@pytest.mark.parametrize(
    ("patterns", "said"),
    [
        ([], "List the actions"),
        ("todo.*", "List the actions"),
        (["todo.mark_dome"], "Did you mean 'todo.mark_done'?"),
        (["todos.*"], "Did you mean 'todo.*'?"),
        (["todo.*", "*"], "'*' names no action."),
        (["todo"], "'todo' names no action."),
    ],
)
def test_a_pattern_that_names_nothing_is_refused(patterns: list[str], said: str) -> None:
    with pytest.raises(InvalidAction) as refused:
        require_patterns(patterns, KNOWN)
    assert said in str(refused.value)
