"""Declare actions in a registry, as in dj-actions 0.0.7.

New actions are shorter as subclasses of `dj_actions.action.Action`; a registry accepts both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.utils.module_loading import import_string

from dj_actions.compat.definition_yaml import get_action_docs
from dj_actions.declaration.enums import ActionStatus, ActionType
from dj_actions.exceptions import ActionNotFound, InvalidAction

STATUS = ActionStatus
"""Maturity of an action: `STATUS.ALPHA.value` and so on."""

ACTION_TYPE = ActionType
"""One object or many: `ACTION_TYPE.INSTANCE.value` or `ACTION_TYPE.BULK.value`."""

ENTRY_LENGTH = 3
"""An entry of an action list has an id, a type and a status."""


def enrich_actions(
    base_path: str | Path,
    initial_registry: dict[str, Any],
    action_list: Iterable[Any],
    environment: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Complete a registry with the `definition.yaml` of each action.

    Args:
        base_path: folder of the actions, for example `Path(__file__).parent`.
        initial_registry: `{"resource": "todo", "basepath": "/todos/", "actions": {}}`; it is
            changed in place.
        action_list: entries `(id, type, status)`, or subclasses of `Action`, or their dotted
            paths.
        environment: keys and values that are added to each definition.

    Returns:
        The same registry, for the `action_registry` of a viewset.

    Raises:
        InvalidAction: an entry is invalid, or its file is missing or cannot be read.
    """
    actions = initial_registry.setdefault("actions", {})
    for declared in action_list:
        entry = _imported(declared) if _is_path(declared) else declared
        if isinstance(entry, type):
            actions[_name_of(entry)] = _entry_of_class(entry, environment or {})
            continue
        action_id, action_type, status = _parts(entry)
        actions[action_id] = {
            **get_action_docs(base_path, action_id),
            **(environment or {}),
            "id": action_id,
            "type": getattr(action_type, "value", action_type),
            "status": getattr(status, "value", status),
        }
    return initial_registry


def get_action_form(registry: Mapping[str, Any], action_id: str) -> Any:
    """Return the form class of an action.

    Args:
        registry: the result of `enrich_actions`.
        action_id: name of the action.

    Raises:
        ActionNotFound: the registry does not have the action.
        InvalidAction: the action is not declared by a form.
    """
    actions = registry.get("actions", {})
    if action_id not in actions:
        known = ", ".join(sorted(actions)) or "none"
        raise ActionNotFound(
            f"There is no action {action_id!r} in this registry. Its actions: {known}."
        )
    form = actions[action_id].get("form")
    if not form:
        raise InvalidAction(f"The action {action_id!r} has no `form` in its definition.")
    return import_string(form)


def _is_path(entry: Any) -> bool:
    return isinstance(entry, str) and "." in entry


def _imported(path: str) -> type[Any]:
    """Return the Action class with a dotted path."""
    try:
        action = import_string(path)
    except ImportError as error:
        raise InvalidAction(f"Invalid entry {path!r} in the action list: {error}") from error
    if not isinstance(action, type):
        raise InvalidAction(f"Invalid entry {path!r} in the action list; it is not a class.")
    return action


def _parts(entry: Any) -> tuple[str, Any, Any]:
    if not isinstance(entry, (tuple, list)) or len(entry) != ENTRY_LENGTH:
        raise InvalidAction(
            f"Invalid entry {entry!r} in the action list; expected (id, type, status), or an "
            "Action class or its dotted path."
        )
    action_id, action_type, status = entry
    return action_id, action_type, status


def _name_of(action: type[Any]) -> str:
    from dj_actions.declaration.action_class import name_of  # noqa: PLC0415 - models may import this module

    return name_of(action)


def _entry_of_class(action: type[Any], environment: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **environment,
        "id": _name_of(action),
        "type": (ActionType.BULK if action.bulk else ActionType.INSTANCE).value,
        "status": str(action.status),
        "action": f"{action.__module__}.{action.__qualname__}",
    }
