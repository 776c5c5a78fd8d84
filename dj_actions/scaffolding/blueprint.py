"""What a new action is to be, and the names that follow from it."""

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
from dj_actions.scaffolding.url_inspection import Served

TAKEN_ATTRIBUTES = frozenset(
    {*dir(APITestCase), "actor", "client", "objects", "payload", "request", "url"}
)
"""What a test case has for itself."""

TAKEN_NAMES = frozenset({"context", "form", "instance", "meta", "pk", "response", "result"})
"""What other things are called beside an object in the generated functions."""

TAKEN_CLASSES = frozenset({"Action", "ActionContext", "Any", "IsAuthenticated"})

PLAIN_NAME = re.compile(r"[a-z][a-z0-9]+(_[a-z][a-z0-9]+)*")
"""Of an action; one that the class's name gives back in snake case."""


class Style(StrEnum):
    """How an action is written."""

    CLASS = "class"
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """A new action, before there are files."""

    resource: Resource

    served: Served
    """What the URLs serve where its viewset is."""

    action_id: str
    type: ActionType
    style: Style

    @property
    def is_bulk(self) -> bool:
        """Whether it acts on many objects at once."""
        return self.type is ActionType.BULK

    @property
    def title(self) -> str:
        """What it is called for people."""
        return self.action_id.replace("_", " ").capitalize()

    @property
    def class_name(self) -> str:
        """Name of its class, and the start of those of its form and its tests."""
        name = "".join(word.capitalize() for word in self.action_id.split("_"))
        return f"{name}Action" if name in TAKEN_CLASSES else name

    @property
    def needs_name(self) -> bool:
        """Whether its class has to say its name, as it would not follow from the class's own."""
        is_changed = self.class_name.removesuffix("Action") in TAKEN_CLASSES
        return is_changed or not PLAIN_NAME.fullmatch(self.action_id)

    @property
    def variable(self) -> str:
        """What an object is called in the generated functions."""
        return variable_for(self.resource.model, TAKEN_ATTRIBUTES | TAKEN_NAMES)

    @property
    def package(self) -> str:
        """Dotted name of its folder."""
        return f"{self.resource.package}.{self.action_id}"

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.resource.folder / self.action_id

    @property
    def entry(self) -> Entry:
        """What the registry says about it."""
        return Entry(
            action_id=self.action_id,
            type=self.type,
            module=f"{self.package}.action",
            class_name=self.class_name,
            is_class=self.style is Style.CLASS,
        )
