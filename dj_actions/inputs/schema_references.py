"""Resolve the references within a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_REFERENCES = 20
"""References to references that are followed before stopping: they may be circular."""


def resolve_references(schema: object, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema merged with the schema that its `$ref` points to; its own keywords win."""
    merged: dict[str, Any] = dict(schema) if isinstance(schema, Mapping) else {}
    for _step in range(MAX_REFERENCES):
        reference = merged.pop("$ref", None)
        if reference is None:
            break
        target = resolve_pointer(str(reference), root)
        merged = {**(target if isinstance(target, Mapping) else {}), **merged}
    return merged


def resolve_pointer(pointer: str, root: Mapping[str, Any]) -> Any:
    """Return the part of a document that a JSON Pointer such as `#/$defs/home` points to, or None.

    See https://www.rfc-editor.org/rfc/rfc6901.
    """
    head, *steps = pointer.split("/")
    if head != "#":
        return None
    found: Any = root
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
