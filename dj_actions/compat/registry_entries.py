"""Compile the actions of a registry, which a viewset sets as its `action_registry`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Model
from django.utils.module_loading import import_string

from dj_actions.action import Action, compile_action
from dj_actions.compat.entry_keys import refuse_misspelled_keys, refuse_unread_keys, require_form
from dj_actions.compat.form_actions import FormAction
from dj_actions.declaration.compiler import (
    LEGACY_NAME_PATTERN,
    Declaration,
    compile_definition,
    require_model,
)
from dj_actions.declaration.definition import ActionDefinition, Documentation, Output
from dj_actions.declaration.enums import ActionType
from dj_actions.declaration.values import permission_classes
from dj_actions.exceptions import InvalidAction
from dj_actions.inputs import FormInput
from dj_actions.registry import registry

FORM_ERRORS_KEY = "__all__"
"""Key of errors that do not belong to a field, as in dj-actions 0.0.7."""

COMPILED_KEYS = frozenset({"id", "type", "permissions", "publish", "sensitive", "throttles"})
"""Keys of an entry whose values are not copied to the documentation."""


def definitions_of(actions: Mapping[str, Any], model: type[Model]) -> list[ActionDefinition]:
    """Compile, register and return the actions of a registry.

    Args:
        actions: the result of `enrich_actions`.
        model: model of the viewset.

    Raises:
        InvalidAction: an entry is invalid or incomplete.
        ActionAlreadyRegistered: another action has the same resource and name.
    """
    refuse_misspelled_keys(actions)
    entries: Mapping[str, Mapping[str, Any]] = actions.get("actions", {})
    resource = str(actions.get("resource") or model._meta.model_name)
    return [_definition(resource, name, entry, model) for name, entry in entries.items()]


def _definition(
    resource: str, name: str, entry: Mapping[str, Any], model: type[Model]
) -> ActionDefinition:
    try:
        if "action" in entry:
            definition = _of_class(_imported(entry["action"]))
        else:
            definition = _of_form(resource, name, entry, model)
    except InvalidAction as error:
        raise InvalidAction(f"The action {name!r} of {resource!r}: {error}") from error
    registry.add(definition)
    return definition


def _of_class(action: type[Action]) -> ActionDefinition:
    if "definition" not in vars(action):
        action.definition = compile_action(action)
    return action.definition


def _of_form(
    resource: str, name: str, entry: Mapping[str, Any], model: type[Model]
) -> ActionDefinition:
    if "form" not in entry:
        raise InvalidAction("missing `form`; set it to the dotted path of the form class.")
    refuse_unread_keys(entry)
    form = require_form(_imported(entry["form"]))
    is_bulk = _type_of(entry) is ActionType.BULK
    is_many = bool(entry.get("multiple_results", is_bulk))
    return compile_definition(
        Declaration(
            publish=entry.get("publish"),
            sensitive=entry.get("sensitive", ()),
            throttles=_list_of(entry, "throttles"),
            name_pattern=LEGACY_NAME_PATTERN,
            definition={
                "resource": resource,
                "name": name,
                "documentation": _documentation(name, entry),
                "version": _version(entry.get("version", 1)),
                "model": require_model(model),
                "bulk": is_bulk,
                "input": FormInput(form, non_field_errors_key=FORM_ERRORS_KEY),
                "output": _output(entry.get("serializer")),
                "permissions": permission_classes(
                    [_imported(path) for path in _list_of(entry, "permissions")]
                ),
                "perform": FormAction(is_bulk, is_many),
                "requires_objects": not is_bulk,
                "has_many_results": is_many,
                "serializes_every_result": True,
                "is_on_every_viewset": False,
            },
        )
    )


def _list_of(entry: Mapping[str, Any], key: str) -> Sequence[Any]:
    declared = entry.get(key) or ()
    if isinstance(declared, str):
        raise InvalidAction(f"{key} is a string. Did you mean [{declared!r}]?")
    return tuple(declared)


def _type_of(entry: Mapping[str, Any]) -> ActionType:
    try:
        return ActionType(entry.get("type", ""))
    except ValueError:
        raise InvalidAction(
            f"invalid type {entry.get('type')!r}; expected ACTION_TYPE.INSTANCE.value or "
            "ACTION_TYPE.BULK.value."
        ) from None


def _version(declared: Any) -> int:
    """Return the leading integer of a version such as 2, "2" or "2.1"."""
    leading = re.match(r"\d{1,4}", str(declared))
    return int(leading[0]) if leading else 1


def _output(declared: Any) -> Output:
    output: Output = declared if declared in (None, False) else _imported(declared)
    return output


def _imported(path: Any) -> Any:
    if not isinstance(path, str):
        return path
    try:
        return import_string(path)
    except ImportError as error:
        raise InvalidAction(f"{path!r} cannot be imported: {error}") from error


def _documentation(name: str, entry: Mapping[str, Any]) -> Documentation:
    return Documentation(
        title=str(entry.get("title") or name.replace("_", " ").capitalize()),
        description=str(entry.get("description") or ""),
        status=str(entry.get("status") or ""),
        is_live=bool(entry.get("is_live", True)),
        capabilities=_as_tuple(entry.get("capabilities")),
        tags=tuple(map(str, _as_tuple(entry.get("tags")))),
        example_payload=entry.get("example_payload"),
        examples=_as_tuple(entry.get("examples")),
        commands=_as_tuple(entry.get("commands")),
        raw_entry={key: value for key, value in entry.items() if key not in COMPILED_KEYS},
    )


def _as_tuple(declared: Any) -> tuple[Any, ...]:
    """Return the items of a list, or a single value as the only item."""
    if declared in (None, "", {}, []):
        return ()
    return tuple(declared) if isinstance(declared, (list, tuple)) else (declared,)
