"""Compile the class of an action to its definition."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dj_actions.declaration.attributes import refuse_unknown_attributes
from dj_actions.declaration.compiler import Declaration, compile_definition, require_model
from dj_actions.declaration.definition import ActionDefinition, Documentation
from dj_actions.declaration.hooks import require_method, require_no_arguments
from dj_actions.declaration.values import (
    examples_of,
    items_of,
    permission_classes,
    require_boolean,
    status_of,
)
from dj_actions.exceptions import InvalidAction
from dj_actions.inputs.factory import adapter_for

if TYPE_CHECKING:
    from dj_actions.action import Action

HOOKS: Mapping[str, tuple[str, ...]] = {
    "perform": ("context", "data"),
    "ordering_key": ("context",),
}
"""Methods that are called when an action runs → their arguments, after `self`."""


def definition_of(action: type[Action], base: type[Any]) -> ActionDefinition:
    """Return the definition of an action class.

    Args:
        action: the class.
        base: `dj_actions.action.Action`.

    Raises:
        InvalidAction: an attribute is missing, unknown or wrong, or contradicts another; or a
            method has the wrong signature.
    """
    refuse_unknown_attributes(action, base, HOOKS)
    model = require_model(getattr(action, "model", None))
    _require_hooks(action)
    name = name_of(action)
    return compile_definition(
        Declaration(
            publish=action.publish,
            throttles=items_of(action.throttles, "throttles"),
            sensitive=action.sensitive,
            version_field=action.version_field,
            version_required=require_boolean(action.version_required, "version_required"),
            definition={
                "resource": action.resource or str(model._meta.model_name),
                "name": name,
                "documentation": _documentation(action, name),
                "version": action.version,
                "model": model,
                "bulk": require_boolean(action.bulk, "bulk"),
                "input": adapter_for(action.input),
                "output": action.output,
                "permissions": permission_classes(action.permissions),
                "perform": lambda context, data: action().perform(context, data),
                "ordering_key": lambda context: action().ordering_key(context),
                "requires_objects": require_boolean(action.requires_objects, "requires_objects"),
                "partial": require_boolean(action.partial, "partial"),
                "max_items": action.max_items,
                "has_many_results": action.bulk,
                "activity": action.activity,
            },
        )
    )


def _require_hooks(action: type[Action]) -> None:
    if not isinstance(vars(action).get("definition", None), ActionDefinition | None):
        raise InvalidAction("`definition` is set by @register. Choose another name for yours.")
    if inspect.isabstract(action):
        raise InvalidAction("it does not define perform(self, context, data).")
    require_no_arguments(action)
    for name, arguments in HOOKS.items():
        require_method(action, name, arguments)


def name_of(action: type[Action]) -> str:
    """Return the name of an action in URLs and records."""
    return action.name or _snake_case(action.__name__)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _documentation(action: type[Action], name: str) -> Documentation:
    """Return the documentation: the title is the docstring's first line."""
    text = inspect.cleandoc(action.__doc__ or "").strip()
    title, _, description = text.partition("\n")
    examples = examples_of(action.examples)
    return Documentation(
        title=title or name.replace("_", " ").capitalize(),
        description=description.strip(),
        status=status_of(action.status),
        tags=items_of(action.tags, "tags"),
        example_payload=examples[0].get("payload") if examples else None,
        examples=examples,
    )
