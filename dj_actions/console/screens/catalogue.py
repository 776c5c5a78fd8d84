"""The actions of the project: what each one needs, and what it sets off."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dj_actions.conf import get_settings
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.declaration.description import input_schema
from dj_actions.registry import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An input that the documentation of an action shows."""

    name: str
    description: str
    payload: Any

    @property
    def text(self) -> str:
        """The input as JSON."""
        return _json(self.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """One action."""

    definition: ActionDefinition
    publishers: Mapping[str, str]
    """Alias of each publisher that it is sent to → options of the route, as JSON."""

    @property
    def permissions(self) -> Sequence[str]:
        """Names of the permission classes of the action itself."""
        return [permission.__name__ for permission in self.definition.permissions]

    @property
    def schema(self) -> str:
        """The JSON Schema of the input."""
        return _json(input_schema(self.definition))

    @property
    def examples(self) -> Sequence[Example]:
        """Example payloads, with their names."""
        documentation = self.definition.documentation
        own = {"payload": documentation.example_payload}
        return [
            Example(
                name=str(example.get("name", "")),
                description=str(example.get("description", "")),
                payload=example["payload"],
            )
            for example in (own, *documentation.examples)
            if example.get("payload") is not None
        ]

    @property
    def from_code(self) -> str:
        """A call of the action from code of the project."""
        target = "objects=[…]" if self.definition.bulk else "object=…"
        if not self.definition.requires_objects:
            target = ""
        arguments = ", ".join(filter(None, ("actor=user", target, "data={…}")))
        return (
            f"invoke(registry.get({self.definition.resource!r}, {self.definition.name!r}), "
            f"{arguments})"
        )


def catalogue() -> Mapping[str, Sequence[CatalogueEntry]]:
    """Return all registered actions: resource → its actions, both sorted by name."""
    found: dict[str, list[CatalogueEntry]] = {}
    for definition in sorted(registry, key=lambda entry: (entry.resource, entry.name)):
        found.setdefault(definition.resource, []).append(entry_of(definition))
    return found


def entry_of(definition: ActionDefinition) -> CatalogueEntry:
    """Return the entry of one action."""
    settings = get_settings()
    aliases = settings.publishers_for(definition.label, definition.publish)
    return CatalogueEntry(
        definition=definition,
        publishers={
            alias: _options(settings.route_options(alias, definition.label)) for alias in aliases
        },
    )


def _options(options: Mapping[str, Any]) -> str:
    return json.dumps(dict(options), ensure_ascii=False, default=str) if options else ""


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
