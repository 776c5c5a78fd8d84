"""The specification of a new action, and the names derived from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rest_framework.test import APITestCase

from dj_actions.declaration.enums import ActionType
from dj_actions.scaffolding.model_factories import variable_for
from dj_actions.scaffolding.registry_file import Entry
from dj_actions.scaffolding.resources import Resource
from dj_actions.scaffolding.url_inspection import Endpoint

RESERVED_ATTRIBUTES = frozenset(
    {*dir(APITestCase), "actor", "client", "objects", "payload", "request", "url"}
)
"""Attributes that the generated test cases use."""

RESERVED_NAMES = frozenset({"context", "form", "instance", "meta", "pk", "response", "result"})
"""Other names in the generated functions."""

RESERVED_CLASSES = frozenset({"Action", "ActionContext", "Any", "IsAuthenticated"})

REVERSIBLE_NAME = re.compile(r"[a-z][a-z0-9]+(_[a-z][a-z0-9]+)*")
"""An action's name that can be derived from its class name."""


class Style(StrEnum):
    """How an action is written."""

    CLASS = "class"
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """The specification of a new action."""

    resource: Resource

    endpoint: Endpoint
    """What the URL configuration serves at the path of the viewset."""

    action_id: str
    type: ActionType
    style: Style

    @property
    def is_bulk(self) -> bool:
        """Whether the action acts on many objects at once."""
        return self.type is ActionType.BULK

    @property
    def title(self) -> str:
        """Human-readable name."""
        return self.action_id.replace("_", " ").capitalize()

    @property
    def class_name(self) -> str:
        """Name of the action's class, and prefix of the names of its form and tests."""
        name = "".join(word.capitalize() for word in self.action_id.split("_"))
        return f"{name}Action" if name in RESERVED_CLASSES else name

    @property
    def form_name(self) -> str:
        """Name of the action's form."""
        return f"{self.class_name}Form"

    @property
    def model_name(self) -> str:
        """Name of the model's class."""
        return self.resource.model.__name__

    @property
    def needs_name(self) -> bool:
        """Whether the class must set `name`, as it cannot be derived from the class name."""
        is_changed = self.class_name.removesuffix("Action") in RESERVED_CLASSES
        return is_changed or not REVERSIBLE_NAME.fullmatch(self.action_id)

    @property
    def variable(self) -> str:
        """Name of the variable for an object in the generated functions."""
        return variable_for(self.resource.model, RESERVED_ATTRIBUTES | RESERVED_NAMES)

    @property
    def package(self) -> str:
        """Dotted name of the action's package."""
        return f"{self.resource.package}.{self.action_id}"

    @property
    def folder(self) -> Path:
        """Folder of the action's files."""
        return self.resource.folder / self.action_id

    @property
    def entry(self) -> Entry:
        """The action's entry in the registry."""
        return Entry(
            action_id=self.action_id,
            type=self.type,
            module=f"{self.package}.action",
            class_name=self.class_name,
            is_class=self.style is Style.CLASS,
        )
