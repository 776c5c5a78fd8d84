"""What a JSON Schema says about the fields of an object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dj_actions.inputs.base import InputField

ALTERNATIVES = ("anyOf", "oneOf", "allOf")
MAX_STEPS = 20
"""How many references to references are followed: they may lead in circles."""


def fields_of(schema: Mapping[str, Any]) -> Sequence[InputField]:
    """Describe the fields of an object by its schema."""
    required = {name for part in _parts(schema, schema, set()) for name in part.get("required", ())}
    return [
        InputField(
            name=name,
            type=" | ".join(dict.fromkeys(_types(inner, schema, set()))) or "any",
            required=name in required,
            description=str(resolved(inner, schema).get("description", "")),
        )
        for name, inner in _properties(schema).items()
    ]


def list_fields(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the fields that take a list."""
    return frozenset(
        name
        for name, inner in _properties(schema).items()
        if "array" in _types(inner, schema, set())
    )


def secret_fields(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the names, at any depth, of fields of the format `password`."""
    return frozenset(
        name
        for entry in _all_mappings(schema)
        if isinstance(properties := entry.get("properties"), Mapping)
        for name, inner in properties.items()
        if _is_secret(inner, schema, set())
    )


def resolved(schema: object, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema with what it refers to in the same document; what it says itself wins."""
    merged: dict[str, Any] = dict(schema) if isinstance(schema, Mapping) else {}
    for _step in range(MAX_STEPS):
        reference = merged.pop("$ref", None)
        if reference is None:
            break
        merged = {**_found(str(reference), root), **merged}
    return merged


def _found(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a JSON Pointer points to; nothing if it points out of the document."""
    if not reference.startswith("#"):
        return {}
    found: object = root
    for step in filter(None, reference.removeprefix("#").split("/")):
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    parts = _parts(schema, schema, set())
    return {name: inner for part in parts for name, inner in part.get("properties", {}).items()}


def _parts(schema: object, root: Mapping[str, Any], seen: set[str]) -> Iterator[Mapping[str, Any]]:
    """Yield a schema, and all that must hold beside it."""
    if _seen_before(schema, seen):
        return
    whole = resolved(schema, root)
    yield whole
    for inner in whole.get("allOf", ()):
        yield from _parts(inner, root, seen)


def _types(schema: object, root: Mapping[str, Any], seen: set[str]) -> Iterator[str]:
    """Yield the JSON types a schema allows, as far as it names them.

    Args:
        schema: the schema.
        root: the document it is in.
        seen: references that have been followed already.
    """
    if _seen_before(schema, seen):
        return
    whole = resolved(schema, root)
    declared = whole.get("type", ())
    yield from (declared,) if isinstance(declared, str) else declared
    for inner in _alternatives(whole):
        yield from _types(inner, root, seen)


def _is_secret(schema: object, root: Mapping[str, Any], seen: set[str]) -> bool:
    """Tell whether a schema, or that of the entries of a list, is of the format `password`."""
    if not isinstance(schema, Mapping) or _seen_before(schema, seen):
        return False
    whole = resolved(schema, root)
    inside = [*_alternatives(whole), whole.get("items"), *whole.get("prefixItems", ())]
    is_password = whole.get("format") == "password"
    return is_password or any(_is_secret(inner, root, seen) for inner in inside)


def _seen_before(schema: object, seen: set[str]) -> bool:
    """Tell whether a reference has been followed, so that circles end."""
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    if reference in seen:
        return True
    if isinstance(reference, str):
        seen.add(reference)
    return False


def _alternatives(schema: Mapping[str, Any]) -> list[Any]:
    return [inner for keyword in ALTERNATIVES for inner in schema.get(keyword, ())]


def _all_mappings(schema: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, Mapping):
        yield schema
        for inner in schema.values():
            yield from _all_mappings(inner)
    elif isinstance(schema, (list, tuple)):
        for inner in schema:
            yield from _all_mappings(inner)
