"""The frozen definition of an action, which each kind of declaration is compiled to."""

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
"""Field of a request that lists the objects of a bulk action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """The documentation of an action for its users."""

    title: str = ""
    description: str = ""

    status: str = ActionStatus.PROD
    is_live: bool = True
    """Whether the action is marked as ready for use; for the documentation only."""

    capabilities: tuple[Any, ...] = ()
    tags: tuple[str, ...] = ()

    example_payload: Any = None
    examples: tuple[Any, ...] = ()
    """Each with `name`, `description` and `payload`."""

    commands: tuple[Any, ...] = ()
    """Each with `name` and `command`: commands to try the action with."""

    raw_entry: Mapping[str, Any] = field(default_factory=dict)
    """The entry of a registry as it was written; its keys replace the fields above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """The precondition that a caller has seen the current version of an object."""

    field: str
    """Model field that changes with every change of the object."""

    required: bool = False
    """Whether a request must specify a version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDefinition:
    """One named mutation."""

    resource: str
    """Name of the kind of object it acts on, for example `todo`."""

    name: str
    """Name in URLs and records, for example `mark_done`."""

    documentation: Documentation

    version: int
    """Version of the contract with publishers and their consumers."""

    model: type[Model]

    bulk: bool
    """Whether the action acts on many objects at once."""

    input: InputAdapter
    output: Output

    permissions: tuple[type[BasePermission], ...]
    """Permission classes, checked in addition to the viewset's."""

    publish: tuple[str, ...] | None
    """Aliases of the publishers; None lets the settings' ROUTES decide."""

    perform: Callable[[ActionContext, dict[str, Any]], Any]
    """The mutation, called inside the transaction."""

    requires_objects: bool = True
    """Whether a call must list its objects; if not, a bulk action finds them itself."""

    partial: bool = False
    """Whether a bulk action may succeed for some of its objects only."""

    max_items: int = 1000
    """Maximum number of objects in one bulk call."""

    has_many_results: bool = False
    """Whether the result is a list."""

    serializes_every_result: bool = False
    """Whether results other than model instances are serialized even without an `output`."""

    precondition: Precondition | None = None

    throttles: tuple[type[BaseThrottle], ...] = ()
    """Throttle classes, checked in addition to the viewset's."""

    sensitive: frozenset[str] = frozenset()
    """Names of fields whose values are redacted wherever they are stored, published or shown."""

    ordering_key: Callable[[ActionContext], str | None] = lambda _context: None
    """Returns the ordering key of the event; None orders it by its object."""

    activity: Any = None
    """How it appears in activity feeds; None for the publisher's default."""

    is_on_every_viewset: bool = True
    """Whether every viewset of the model has the action, or only those that use its registry."""

    @property
    def label(self) -> str:
        """Resource and name, for example `todo.mark_done`."""
        return f"{self.resource}.{self.name}"

    @property
    def title(self) -> str:
        """The title in the documentation."""
        return self.documentation.title

    @property
    def description(self) -> str:
        """The description in the documentation."""
        return self.documentation.description

    @property
    def type(self) -> ActionType:
        """Whether the action acts on one object or on many."""
        return ActionType.BULK if self.bulk else ActionType.INSTANCE
