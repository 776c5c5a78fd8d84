"""What every declaration of an action has to fulfil, whichever way it is written."""

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

NAME_LENGTH = 100
"""Longest name of a resource or an action: both are stored with each event."""

NAME = re.compile(r"[a-z][a-z0-9_]*")
ANY_NAME = re.compile(r"[A-Za-z0-9_-]+")
"""What a registry may use: names that came with dj-actions 0.0.7 stay as they are."""

RESERVED_NAMES = frozenset({"list"})
"""`GET /todos/actions/list/` lists the actions."""

LARGEST_VERSION = 2_147_483_647
"""What the column of versions holds."""

RATE = re.compile(r"[1-9][0-9]*/(s|sec|second|m|min|minute|h|hour|d|day)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """Parts of a declaration that are compiled to something else."""

    publish: Any = None
    throttles: Sequence[Any] = ()
    sensitive: Any = ()
    version_field: str | None = None
    version_required: bool = False
    names: re.Pattern[str] = NAME
    """What its name may look like."""

    definition: dict[str, Any] = field(default_factory=dict)
    """All that is taken over as it is: fields of `ActionDefinition`."""


def require_model(model: object) -> type[Model]:
    """Return the model an action acts on.

    Raises:
        InvalidAction: it is none.
    """
    if isinstance(model, type) and issubclass(model, Model):
        return model
    raise InvalidAction(f"model is {model!r}. Set it to the model class it acts on.")


def compile_definition(declared: Declaration) -> ActionDefinition:
    """Return the definition of what was declared.

    Raises:
        InvalidAction: something is wrong or contradictory; the message names neither the class
            nor the file, which the caller knows.
    """
    values = declared.definition
    label = _label(values["resource"], values["name"], declared.names)
    definition = ActionDefinition(
        **values,
        publish=_publish(declared.publish),
        throttles=tuple(_throttle(entry, label) for entry in declared.throttles),
        sensitive=_names(declared.sensitive),
        precondition=_precondition(values["model"], declared),
    )
    _refuse_contradictions(definition)
    return definition


def _label(resource: str, name: str, names: re.Pattern[str]) -> str:
    if not names.fullmatch(name) or name in RESERVED_NAMES:
        raise InvalidAction(
            f"the name {name!r} cannot be used. Use lower-case letters, digits and underscores, "
            "starting with a letter, and not the reserved word 'list'."
        )
    if max(len(name), len(resource)) > NAME_LENGTH:
        raise InvalidAction(f"name and resource have at most {NAME_LENGTH} characters.")
    return f"{resource}.{name}"


def _publish(aliases: Any) -> tuple[str, ...] | None:
    if isinstance(aliases, str):
        raise InvalidAction(f"publish is a text. Did you mean publish = ({aliases!r},)?")
    if aliases is not None and len(set(aliases)) != len(aliases):
        raise InvalidAction(f"publish names a publisher twice: {aliases!r}.")
    return None if aliases is None else tuple(aliases)


def _names(names: Any) -> frozenset[str]:
    if isinstance(names, str):
        raise InvalidAction(f"sensitive is a text. Did you mean sensitive = ({names!r},)?")
    return frozenset(names)


@functools.cache
def _throttle(entry: Any, label: str) -> type[BaseThrottle]:
    if isinstance(entry, type) and issubclass(entry, BaseThrottle):
        return entry
    if isinstance(entry, str) and RATE.fullmatch(entry):
        # One budget per action and user, or per address of those who are nobody.
        return type("ActionRateThrottle", (UserRateThrottle,), {"scope": label, "rate": entry})
    raise InvalidAction(
        f"throttles holds {entry!r}. Use rates such as '10/min' (s, min, hour, day), or DRF "
        "throttle classes."
    )


def _precondition(model: type[Model], declared: Declaration) -> Precondition | None:
    if declared.version_field is None:
        if declared.version_required:
            raise InvalidAction("version_required needs a version_field.")
        return None
    try:
        model._meta.get_field(declared.version_field)
    except FieldDoesNotExist:
        raise InvalidAction(
            f"version_field is {declared.version_field!r}, which {model.__name__} lacks."
        ) from None
    return Precondition(field=declared.version_field, required=declared.version_required)


def _refuse_contradictions(definition: ActionDefinition) -> None:
    if definition.precondition and definition.bulk:
        raise InvalidAction("version_field is for actions on one object, and bulk is set.")
    if definition.partial and not (definition.bulk and definition.requires_objects):
        raise InvalidAction("partial is for bulk actions whose objects are named in the call.")
    if not definition.requires_objects and not definition.bulk:
        raise InvalidAction("requires_objects = False is for bulk actions: set bulk = True.")
    if not 1 <= definition.version <= LARGEST_VERSION:
        raise InvalidAction(
            f"version is {definition.version!r}. Set it to a number from 1 to {LARGEST_VERSION}."
        )
    if isinstance(definition.max_items, bool) or definition.max_items < 1:
        raise InvalidAction(f"max_items is {definition.max_items!r}. Set it to 1 or more.")
