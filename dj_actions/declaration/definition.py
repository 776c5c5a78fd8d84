"""What an action is, once declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db.models import Model
from rest_framework.permissions import BasePermission
from rest_framework.serializers import BaseSerializer
from rest_framework.throttling import BaseThrottle

from dj_actions.context import ActionContext
from dj_actions.declaration.enums import ActionStatus, ActionType
from dj_actions.inputs import InputAdapter

Output = type[BaseSerializer[Any]] | Literal[False] | None
"""A serializer for the result; False for plain JSON; None for the viewset's serializer."""


IDS = "ids"
"""Field of a request that names the objects of a bulk action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """What people are told about an action."""

    title: str = ""
    description: str = ""

    status: str = ActionStatus.PROD
    is_live: bool = True
    """Whether its makers call it ready; told, and nothing else."""

    capabilities: tuple[Any, ...] = ()
    tags: tuple[str, ...] = ()

    example_payload: Any = None
    examples: tuple[Any, ...] = ()
    """Each with `name`, `description` and `payload`."""

    commands: tuple[Any, ...] = ()
    """Each with `name` and `command`: how to try it."""

    raw_entry: Mapping[str, Any] = field(default_factory=dict)
    """What a registry's entry says, in its own words: shown in place of the above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """Which version of an object a caller has to have seen."""

    field: str
    """The model's field that changes with every change of the object."""

    required: bool = False
    """Whether a request must name a version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDefinition:
    """One named mutation, compiled from whichever way it was declared."""

    resource: str
    """What it acts on, for example `todo`."""

    name: str
    """Its name in URLs and records, for example `mark_done`."""

    documentation: Documentation

    version: int
    """Version of the contract that publishers and their consumers see."""

    model: type[Model]

    bulk: bool
    """Whether it acts on many objects at once."""

    input: InputAdapter
    output: Output

    permissions: tuple[type[BasePermission], ...]
    """Asked in addition to the viewset's."""

    publish: tuple[str, ...] | None
    """Aliases of the publishers; None lets the settings' ROUTES decide."""

    perform: Callable[[ActionContext, dict[str, Any]], Any]
    """The mutation itself, called inside the transaction."""

    requires_objects: bool = True
    """Whether a call names what to act on; if not, a bulk action finds its objects itself."""

    partial: bool = False
    """Whether a bulk action may succeed for some of its objects only."""

    max_items: int = 1000
    """How many objects one bulk call may name."""

    has_many_results: bool = False
    """Whether its result is a list."""

    serializes_every_result: bool = False
    """Whether the serializer is given whatever the result is, not only objects of a model."""

    precondition: Precondition | None = None

    throttles: tuple[type[BaseThrottle], ...] = ()
    """Asked in addition to the viewset's."""

    sensitive: frozenset[str] = frozenset()
    """Names of fields whose values are never stored, published or shown."""

    ordering_key: Callable[[ActionContext], str | None] = lambda _context: None
    """What it has to be in order with; None for its object."""

    is_on_every_viewset: bool = True
    """Whether each viewset of the model offers it, or only those that name its registry."""

    @property
    def label(self) -> str:
        """Resource and name in one word, for example `todo.mark_done`."""
        return f"{self.resource}.{self.name}"

    @property
    def title(self) -> str:
        """What it does, in a few words."""
        return self.documentation.title

    @property
    def description(self) -> str:
        """What it does, at length."""
        return self.documentation.description

    @property
    def type(self) -> ActionType:
        """Whether it acts on one object or on many."""
        return ActionType.BULK if self.bulk else ActionType.INSTANCE
