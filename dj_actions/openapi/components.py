"""Named components of the document, made from JSON Schemas."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.plumbing import ComponentIdentity, ComponentRegistry, ResolvedComponent

from dj_actions.inputs.schema_builders import Schema
from dj_actions.openapi.json_schema import NOT_OF_A_PART, for_openapi, mapped

COMPONENTS = "#/components/schemas/"
"""Where references lead that are the document's already."""

VALUES = ("type", "enum", "const")
"""Keywords that belong to a list of values, when it becomes a component of its own."""


def component_name(*words: str) -> str:
    """Return words such as `todo` and `mark_done` as one: `TodoMarkDone`."""
    parts = re.split(r"[^A-Za-z0-9]+", "_".join(words))
    return "".join(part[:1].upper() + part[1:] for part in parts)


class Components:
    """Makes JSON Schemas components of one document.

    Args:
        registry: drf-spectacular's, of the document.
    """

    def __init__(self, registry: ComponentRegistry) -> None:
        self._registry = registry

    def reference(self, name: str, schema: Schema) -> Schema:
        """Make a JSON Schema 2020-12 a component, and return a reference to it.

        What the schema refers to within itself becomes a component too, and so do the values of
        a property that lists them: drf-spectacular would give those a name itself, and by it
        could change the names of a project's own.

        Args:
            name: the component's name; if another schema has it, a number is added.
            schema: the schema.
        """
        return _Parts(self, name, schema).reference("#")

    def inline(self, name: str, schema: Schema) -> Schema:
        """Return a JSON Schema 2020-12 for a place in the component of that name."""
        rewritten: Schema = for_openapi(_Parts(self, name, schema).rewritten(schema, name))
        return rewritten

    def add(self, name: str, source: object, make: Callable[[], Schema]) -> Schema:
        """Return a reference to the component of a source; make it unless it has been made."""
        for number in itertools.count(1):
            component = ResolvedComponent(  # type: ignore[no-untyped-call]
                name=name if number == 1 else f"{name}{number}",
                type=ResolvedComponent.SCHEMA,
                object=ComponentIdentity(source),  # type: ignore[no-untyped-call]
            )
            known = self._registry._components.get(component.key)
            if known is None:
                # First the name: a schema may refer to itself.
                self._registry.register(component)
                component.schema = for_openapi(make())
            if known is None or known.object == component.object:
                break
        found: Schema = component.ref
        return found


class _Parts:
    """One JSON Schema and the parts of it that it refers to."""

    def __init__(self, components: Components, name: str, root: Schema) -> None:
        self._components = components
        self._name = name
        self._root = root

    def reference(self, pointer: str) -> Schema:
        """Return a reference to the component of a part; anything if there is no such part."""
        part = self._found(pointer)
        if part is None:
            return {"$ref": pointer} if pointer.startswith(COMPONENTS) else {}
        words = [] if pointer == "#" else [pointer.rpartition("/")[2]]
        name = component_name(self._name, *words)
        return self._components.add(name, (self._root, pointer), lambda: self.rewritten(part, name))

    def _found(self, pointer: str) -> Any:
        """Return what a JSON Pointer points to: https://www.rfc-editor.org/rfc/rfc6901."""
        if not re.match("#(/|$)", pointer):
            return None
        found: Any = self._root
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def rewritten(self, schema: Any, name: str) -> Any:
        """Return a part with its references leading to components.

        Args:
            schema: the schema.
            name: that of the component it belongs to.
        """
        if not isinstance(schema, Mapping):
            return schema
        own = {key: value for key, value in schema.items() if key not in NOT_OF_A_PART}
        result = mapped(own, lambda inner: self.rewritten(inner, name))
        if "$ref" in result:
            result |= self.reference(str(result.pop("$ref")))
        if "properties" in result:
            result["properties"] = {
                key: self._with_named_values(inner, component_name(name, key))
                for key, inner in result["properties"].items()
            }
        return self._with_discriminator(result)

    def _with_named_values(self, schema: Any, name: str) -> Any:
        """Return a property; if it lists its values, with these as a component."""
        if not isinstance(schema, Mapping):
            return schema
        if schema.get("type") == "array":
            items = schema.get("items")
            return {**schema, "items": self._with_named_values(items, name)} if items else schema
        if "enum" not in schema and "const" not in schema:
            return schema
        values = {key: schema[key] for key in VALUES if key in schema}
        rest = {key: value for key, value in schema.items() if key not in VALUES}
        return rest | self._components.add(f"{name}Enum", values, lambda: values)

    def _with_discriminator(self, schema: Schema) -> Schema:
        """Let a discriminator, which pydantic writes, name components too."""
        told = schema.get("discriminator")
        if not isinstance(told, Mapping) or not isinstance(told.get("mapping"), Mapping):
            return schema
        names = {
            value: self.reference(pointer).get("$ref", pointer)
            for value, pointer in told["mapping"].items()
        }
        return schema | {"discriminator": {**told, "mapping": names}}
