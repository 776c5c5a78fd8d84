"""Compile a declaration to a definition, with the checks that apply to each kind of declaration."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from rest_framework.throttling import BaseThrottle, UserRateThrottle

from dj_actions.declaration.definition import ActionDefinition, Precondition
from dj_actions.exceptions import InvalidAction

MAX_ACTION_NAME_LENGTH = 100
"""Characters in the name of a resource or an action: both are stored with each event."""

NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]*")
LEGACY_NAME_PATTERN = re.compile(r"[A-Za-z0-9_-]+")
"""Names allowed in a registry: those of dj-actions 0.0.7 remain valid."""

RESOURCE_PATTERN = re.compile(r"[\w-]+")
"""Resources of classes. The name of a model is one, in any script."""

RESERVED_NAMES = frozenset({"list"})
"""`list` is the URL of the list of actions: `GET /todos/actions/list/`."""

MAX_VERSION = 2_147_483_647
"""Maximum of the database column for versions."""

RATE_PATTERN = re.compile(r"[1-9][0-9]*/(s|sec|second|m|min|minute|h|hour|d|day)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """The parts of an action's declaration, before they are checked and converted."""

    publish: Any = None
    throttles: Sequence[Any] = ()
    sensitive: Any = ()
    version_field: str | None = None
    version_required: bool = False
    name_pattern: re.Pattern[str] = NAME_PATTERN
    """Pattern that the name must match."""

    definition: dict[str, Any] = field(default_factory=dict)
    """Fields of `ActionDefinition` that are used unchanged."""


def require_model(model: object) -> type[Model]:
    """Return the model class that an action acts on.

    Raises:
        InvalidAction: the object is not a model class.
    """
    if isinstance(model, type) and issubclass(model, Model):
        return model
    raise InvalidAction(f"model is {model!r}. Set it to the model class that the action acts on.")


def compile_definition(declaration: Declaration) -> ActionDefinition:
    """Return the definition of a declared action.

    Raises:
        InvalidAction: the declaration is invalid; the caller adds the class or file to the
            message.
    """
    values = declaration.definition
    label = _label(values["resource"], values["name"], declaration.name_pattern)
    definition = ActionDefinition(
        **values,
        publish=_publish(declaration.publish),
        throttles=tuple(_throttle(entry, label) for entry in declaration.throttles),
        sensitive=_sensitive_names(declaration.sensitive),
        precondition=_precondition(values["model"], declaration),
    )
    _check_consistency(definition)
    return definition


def _label(resource: str, name: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(name) or name in RESERVED_NAMES:
        raise InvalidAction(
            f"the name {name!r} cannot be used. Use lower-case letters, digits and underscores, "
            "starting with a letter, and not the reserved word 'list'."
        )
    if pattern is NAME_PATTERN and not RESOURCE_PATTERN.fullmatch(resource):
        raise InvalidAction(
            f"the resource {resource!r} cannot be used: it is a part of routes, records and "
            "destinations. Use letters, digits, '_' and '-'."
        )
    longest = max(name, resource, key=len)
    if len(longest) > MAX_ACTION_NAME_LENGTH:
        raise InvalidAction(
            f"{longest!r} has {len(longest)} characters; a name or resource may have at most "
            f"{MAX_ACTION_NAME_LENGTH} characters."
        )
    return f"{resource}.{name}"


def _publish(aliases: Any) -> tuple[str, ...] | None:
    if isinstance(aliases, str):
        raise InvalidAction(f"publish is a string. Did you mean publish = ({aliases!r},)?")
    if aliases is not None and len(set(aliases)) != len(aliases):
        raise InvalidAction(f"publish lists a publisher twice: {aliases!r}. List each one once.")
    return None if aliases is None else tuple(aliases)


def _sensitive_names(names: Any) -> frozenset[str]:
    if isinstance(names, str):
        raise InvalidAction(f"sensitive is a string. Did you mean sensitive = ({names!r},)?")
    return frozenset(names)


@functools.cache
def _throttle(entry: Any, label: str) -> type[BaseThrottle]:
    if isinstance(entry, type) and issubclass(entry, BaseThrottle):
        return entry
    if isinstance(entry, str) and RATE_PATTERN.fullmatch(entry):
        # The rate applies per action and user, or per IP address for anonymous requests.
        return type("ActionRateThrottle", (UserRateThrottle,), {"scope": label, "rate": entry})
    raise InvalidAction(
        f"throttles contains {entry!r}. Use rates such as '10/min' (s, min, hour, day), or DRF "
        "throttle classes."
    )


def _precondition(model: type[Model], declaration: Declaration) -> Precondition | None:
    field_name, required = declaration.version_field, declaration.version_required
    if field_name is None:
        if required:
            raise InvalidAction("version_required needs a version_field. Set both, or neither.")
        return None
    try:
        model._meta.get_field(field_name)
    except FieldDoesNotExist:
        raise InvalidAction(
            f"version_field is {field_name!r}, which is not a field of {model.__name__}."
        ) from None
    return Precondition(field=field_name, required=required)


def _check_consistency(definition: ActionDefinition) -> None:
    if definition.precondition and definition.bulk:
        raise InvalidAction(
            "version_field is for actions on one object. Remove it, or do not set bulk."
        )
    if definition.partial and not (definition.bulk and definition.requires_objects):
        raise InvalidAction("partial is for bulk actions whose requests list the objects in `ids`.")
    if not definition.requires_objects and not definition.bulk:
        raise InvalidAction("requires_objects = False is for bulk actions: set bulk = True.")
    if not 1 <= definition.version <= MAX_VERSION:
        raise InvalidAction(
            f"version is {definition.version!r}. Set it to a number from 1 to {MAX_VERSION}."
        )
    if isinstance(definition.max_items, bool) or definition.max_items < 1:
        raise InvalidAction(f"max_items is {definition.max_items!r}. Set it to 1 or more.")
