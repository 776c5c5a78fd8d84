"""All actions, by resource and name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dj_actions.action import compile_action
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import ActionAlreadyRegistered, ActionNotFound
from dj_actions.registry import Registry
from example.todos.actions import MarkDone
from example.todos.models import Todo


def definition(name: str = "poke", **changes: Any) -> ActionDefinition:
    return replace(compile_action(MarkDone), name=name, **changes)


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_it_starts_empty(registry: Registry) -> None:
    assert list(registry) == []
    assert registry.of_model(Todo) == []


def test_what_was_added_is_found(registry: Registry) -> None:
    added = definition()
    registry.add(added)

    assert registry.get("todo", "poke") is added


def test_two_actions_cannot_share_resource_and_name(registry: Registry) -> None:
    registry.add(definition())

    with pytest.raises(ActionAlreadyRegistered, match=r"todo\.poke.*another `name` or `resource`"):
        registry.add(definition())


def test_the_first_of_two_that_collide_stays(registry: Registry) -> None:
    first = definition()
    registry.add(first)
    with pytest.raises(ActionAlreadyRegistered):
        registry.add(definition(version=2))

    assert list(registry) == [first]


def test_two_resources_can_share_a_name(registry: Registry) -> None:
    registry.add(definition())
    registry.add(definition(resource="order"))

    assert [entry.label for entry in registry] == ["todo.poke", "order.poke"]


@pytest.mark.parametrize(
    ("resource", "name", "hint"),
    [
        ("todo", "pike", r" Did you mean 'todo\.poke'\?"),
        ("todos", "poke", r" Did you mean 'todo\.poke'\?"),
        ("order", "ship", ""),
    ],
)
def test_an_unknown_action_is_named_with_the_nearest(
    registry: Registry, resource: str, name: str, hint: str
) -> None:
    registry.add(definition())

    with pytest.raises(ActionNotFound, match=rf"^There is no action {resource}\.{name}\.{hint}$"):
        registry.get(resource, name)


def test_actions_of_a_model_are_sorted_by_name(registry: Registry) -> None:
    for name in ("wake", "poke", "amuse"):
        registry.add(definition(name))

    assert [entry.name for entry in registry.of_model(Todo)] == ["amuse", "poke", "wake"]


def test_actions_of_another_model_are_left_out(registry: Registry) -> None:
    registry.add(definition(model=type(Todo)))

    assert registry.of_model(Todo) == []


def test_what_is_removed_is_forgotten_and_can_be_added_again(registry: Registry) -> None:
    added = definition()
    registry.add(added)
    registry.remove(added)
    registry.remove(added)
    registry.add(added)

    assert list(registry) == [added]


def test_it_can_change_while_it_is_walked_through(registry: Registry) -> None:
    registry.add(definition("a"))
    registry.add(definition("b"))
    for entry in registry:
        registry.remove(entry)

    assert list(registry) == []
