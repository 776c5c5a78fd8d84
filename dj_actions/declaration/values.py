"""Check the values of an action's attributes that nothing else would check until they are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework.permissions import (
    BasePermission,
    OperandHolder,
    SingleOperandHolder,
)

from dj_actions.declaration.enums import ActionStatus
from dj_actions.exceptions import InvalidAction
from dj_actions.text import did_you_mean

EXAMPLE_KEYS = ("name", "description", "payload")


def require_boolean(value: object, name: str) -> bool:
    """Return the value of a switch.

    Raises:
        InvalidAction: it is neither True nor False.
    """
    if isinstance(value, bool):
        return value
    raise InvalidAction(f"{name} is {value!r}. Set it to True or False.")


def items_of(value: object, name: str) -> tuple[Any, ...]:
    """Return the items of an attribute that is a list.

    Raises:
        InvalidAction: it is a string, or not a list.
    """
    if isinstance(value, str):
        raise InvalidAction(f"{name} is a string. Did you mean {name} = ({value!r},)?")
    if isinstance(value, (Sequence, set, frozenset)):
        return tuple(value)
    raise InvalidAction(f"{name} is {value!r}. Set it to a list.")


def permission_classes(value: object) -> tuple[type[BasePermission], ...]:
    """Return the permission classes of an action; operators such as `|` may combine them.

    Raises:
        InvalidAction: one is not a permission class.
    """
    classes = items_of(value, "permissions")
    for entry in classes:
        is_class = isinstance(entry, type) and hasattr(entry, "has_permission")
        if not (is_class or isinstance(entry, (OperandHolder, SingleOperandHolder))):
            raise InvalidAction(
                f"permissions contains {entry!r}, which is not a permission class of Django REST "
                "framework. List the classes, not their names or instances."
            )
    return classes


def status_of(value: object) -> str:
    """Return the maturity of an action.

    Raises:
        InvalidAction: it is not one of `ActionStatus`.
    """
    known = [status.value for status in ActionStatus]
    if str(value) in known:
        return str(value)
    raise InvalidAction(
        f"status is {value!r}. Use one of {', '.join(known)}.{did_you_mean(str(value), known)}"
    )


def examples_of(value: object) -> tuple[Mapping[str, Any], ...]:
    """Return the examples of an action.

    Raises:
        InvalidAction: one is not a dict, or has an unknown key.
    """
    examples = items_of(value, "examples")
    for example in examples:
        if not isinstance(example, Mapping):
            raise InvalidAction(
                f"examples contains {example!r}. Write a dict with {', '.join(EXAMPLE_KEYS)}."
            )
        for key in example:
            if key not in EXAMPLE_KEYS:
                raise InvalidAction(
                    f"examples has the unknown key {key!r}.{did_you_mean(str(key), EXAMPLE_KEYS)}"
                )
    return examples
