"""Register JSON Schemas as named components of the document."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.plumbing import ComponentIdentity, ComponentRegistry, ResolvedComponent

from dj_actions.inputs.schema_builders import Schema
from dj_actions.inputs.schema_references import resolve_pointer
from dj_actions.openapi.json_schema import ROOT_KEYWORDS, for_openapi, map_subschemas

COMPONENTS_PREFIX = "#/components/schemas/"
"""Prefix of references to components of the document."""

ENUM_KEYWORDS = ("type", "enum", "const")
"""Keywords moved to the component of an enum."""


def component_name(*words: str) -> str:
    """Return words such as `todo` and `mark_done` in camel case: `TodoMarkDone`."""
    parts = re.split(r"[^A-Za-z0-9]+", "_".join(words))
    return "".join(part[:1].upper() + part[1:] for part in parts)


class Components:
    """Registers JSON Schemas as components of one document.

    Args:
        registry: drf-spectacular's registry of the document.
    """

    def __init__(self, registry: ComponentRegistry) -> None:
        self._registry = registry

    def reference(self, name: str, schema: Schema) -> Schema:
        """Register a JSON Schema 2020-12 as a component, and return a reference to it.

        The parts that the schema refers to become components too, and so do the enums of its
        properties. Otherwise drf-spectacular would name these enums, and could thereby rename
        the enums of the project.

        Args:
            name: the component's name; a number is appended if another schema has this name.
            schema: the schema.
        """
        return _SchemaParts(self, name, schema).reference("#")

    def inline(self, name: str, schema: Schema) -> Schema:
        """Return a JSON Schema 2020-12 converted for use inside the component of that name."""
        converted: Schema = for_openapi(_SchemaParts(self, name, schema).convert(schema, name))
        return converted

    def add(self, name: str, source: object, make: Callable[[], Schema]) -> Schema:
        """Return a reference to the component for a source, and create the component if needed.

        Args:
            name: the component's name; a number is appended if another source has this name.
            source: a value that identifies the component.
            make: creates the schema.
        """
        for number in itertools.count(1):
            component = ResolvedComponent(  # type: ignore[no-untyped-call]
                name=name if number == 1 else f"{name}{number}",
                type=ResolvedComponent.SCHEMA,
                object=ComponentIdentity(source),  # type: ignore[no-untyped-call]
            )
            known = self._registry._components.get(component.key)
            if known is None:
                # Registered before the schema is created, which may refer to itself.
                self._registry.register(component)
                component.schema = for_openapi(make())
            if known is None or known.object == component.object:
                break
        found: Schema = component.ref
        return found


class _SchemaParts:
    """A JSON Schema and the parts of it that its references point to."""

    def __init__(self, components: Components, name: str, root: Schema) -> None:
        self._components = components
        self._name = name
        self._root = root

    def reference(self, pointer: str) -> Schema:
        """Return a reference to the component of a part, or an empty schema if it is not found."""
        part = resolve_pointer(pointer, self._root)
        if part is None:
            return {"$ref": pointer} if pointer.startswith(COMPONENTS_PREFIX) else {}
        words = [] if pointer == "#" else [pointer.rpartition("/")[2]]
        name = component_name(self._name, *words)
        return self._components.add(name, (self._root, pointer), lambda: self.convert(part, name))

    def convert(self, schema: Any, name: str) -> Any:
        """Return a part with references to components.

        Args:
            schema: the schema of the part.
            name: the name of the component that contains it.
        """
        if not isinstance(schema, Mapping):
            return schema
        own = {key: value for key, value in schema.items() if key not in ROOT_KEYWORDS}
        result = map_subschemas(own, lambda inner: self.convert(inner, name))
        if "$ref" in result:
            result |= self.reference(str(result.pop("$ref")))
        if "properties" in result:
            result["properties"] = {
                key: self._with_enum_component(inner, component_name(name, key))
                for key, inner in result["properties"].items()
            }
        return self._with_discriminator(result)

    def _with_enum_component(self, schema: Any, name: str) -> Any:
        """Return the schema of a property with its enum, if it has one, as a component."""
        if not isinstance(schema, Mapping):
            return schema
        if schema.get("type") == "array":
            items = schema.get("items")
            return {**schema, "items": self._with_enum_component(items, name)} if items else schema
        if "enum" not in schema and "const" not in schema:
            return schema
        values = {key: schema[key] for key in ENUM_KEYWORDS if key in schema}
        rest = {key: value for key, value in schema.items() if key not in ENUM_KEYWORDS}
        return rest | self._components.add(f"{name}Enum", values, lambda: values)

    def _with_discriminator(self, schema: Schema) -> Schema:
        """Return the schema with its discriminator, if pydantic added one, mapped to components."""
        discriminator = schema.get("discriminator")
        if not isinstance(discriminator, Mapping):
            return schema
        if not isinstance(discriminator.get("mapping"), Mapping):
            return schema
        mapping = {
            value: self.reference(pointer).get("$ref", pointer)
            for value, pointer in discriminator["mapping"].items()
        }
        return schema | {"discriminator": {**discriminator, "mapping": mapping}}
