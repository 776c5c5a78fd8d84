"""Read the fields of an object from its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dj_actions.inputs.base import InputField
from dj_actions.inputs.schema_builders import declared_types
from dj_actions.inputs.schema_references import resolve_references

ALTERNATIVES = ("anyOf", "oneOf", "allOf")


def describe_fields(schema: Mapping[str, Any]) -> Sequence[InputField]:
    """Return the description of each field of an object."""
    required = {name for part in _parts(schema, schema, set()) for name in part.get("required", ())}
    return [
        InputField(
            name=name,
            type=" | ".join(dict.fromkeys(_types(inner, schema, set()))) or "any",
            required=name in required,
            description=str(resolve_references(inner, schema).get("description", "")),
        )
        for name, inner in _properties(schema).items()
    ]


def list_fields(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the fields that accept a list."""
    return frozenset(
        name
        for name, inner in _properties(schema).items()
        if "array" in _types(inner, schema, set())
    )


def password_fields(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the names, at any depth, of fields of the format `password`."""
    return frozenset(
        name
        for entry in _all_mappings(schema)
        if isinstance(properties := entry.get("properties"), Mapping)
        for name, inner in properties.items()
        if _is_password(inner, schema, set())
    )


def field_names(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the fields at any depth."""
    return frozenset(
        str(name)
        for entry in _all_mappings(schema)
        if isinstance(properties := entry.get("properties"), Mapping)
        for name in properties
    )


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    parts = _parts(schema, schema, set())
    return {name: inner for part in parts for name, inner in part.get("properties", {}).items()}


def _parts(schema: object, root: Mapping[str, Any], seen: set[str]) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and the schemas in its `allOf`, at any depth."""
    if _seen_before(schema, seen):
        return
    whole = resolve_references(schema, root)
    yield whole
    for inner in whole.get("allOf", ()):
        yield from _parts(inner, root, seen)


def _types(schema: object, root: Mapping[str, Any], seen: set[str]) -> Iterator[str]:
    """Yield the JSON types that a schema and its alternatives list.

    Args:
        schema: the schema.
        root: the document that contains it.
        seen: references that have already been followed.
    """
    if _seen_before(schema, seen):
        return
    whole = resolve_references(schema, root)
    yield from declared_types(whole)
    for inner in _alternatives(whole):
        yield from _types(inner, root, seen)


def _is_password(schema: object, root: Mapping[str, Any], seen: set[str]) -> bool:
    """Return whether a schema, or that of a list's items, is of the format `password`."""
    if not isinstance(schema, Mapping) or _seen_before(schema, seen):
        return False
    whole = resolve_references(schema, root)
    inside = [*_alternatives(whole), whole.get("items"), *whole.get("prefixItems", ())]
    return whole.get("format") == "password" or any(
        _is_password(inner, root, seen) for inner in inside
    )


def _seen_before(schema: object, seen: set[str]) -> bool:
    """Return whether the reference of a schema has been followed before, and remember it."""
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    if reference in seen:
        return True
    if isinstance(reference, str):
        seen.add(reference)
    return False


def _alternatives(schema: Mapping[str, Any]) -> list[Any]:
    return [inner for keyword in ALTERNATIVES for inner in schema.get(keyword, ())]


def _all_mappings(schema: object) -> Iterator[Mapping[str, Any]]:
    """Yield each object in a schema, at any depth."""
    if isinstance(schema, Mapping):
        yield schema
        for inner in schema.values():
            yield from _all_mappings(inner)
    elif isinstance(schema, (list, tuple)):
        for inner in schema:
            yield from _all_mappings(inner)
