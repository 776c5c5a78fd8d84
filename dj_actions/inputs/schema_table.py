"""Look up the JSON Schema of a form field or serializer field in a table of field classes.

A field that is missing from the table, or that overrides how its value is parsed, accepts any
value as far as the schema is concerned. A field class may define its own schema in a method
`json_schema()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dj_actions.inputs.schema_builders import Schema, with_limits

SchemaTable = Mapping[type, Callable[[Any], Schema]]
"""Field class → function that returns the schema of a field of that class."""


def lookup_schema(
    field: Any, table: SchemaTable, *, parsed_by: Iterable[str], modules: tuple[str, ...]
) -> Schema:
    """Return the schema of a field: its own, or that of the nearest class in the table.

    Args:
        field: the form field or serializer field.
        table: the known field classes.
        parsed_by: names of the methods that parse a value.
        modules: prefixes of the modules whose implementations of these methods the table covers.
    """
    if callable(getattr(field, "json_schema", None)):
        return dict(field.json_schema())
    if overrides(type(field), parsed_by, outside=modules):
        return {}
    known = next((cls for cls in type(field).__mro__ if cls in table), None)
    return with_limits(table[known](field), getattr(field, "validators", ())) if known else {}


def overrides(cls: type, methods: Iterable[str], *, outside: tuple[str, ...]) -> bool:
    """Return whether a class gets one of the methods from outside of some modules.

    Args:
        cls: the class.
        methods: names of the methods.
        outside: prefixes of the names of the modules.
    """
    return any(not defining_class(cls, method).__module__.startswith(outside) for method in methods)


def defining_class(cls: type, method: str) -> type:
    """Return the class in the MRO that defines a method."""
    return next(entry for entry in cls.__mro__ if method in vars(entry))


def constant(schema: Schema) -> Callable[[Any], Schema]:
    """Return a function for the table that returns the same schema for each field."""
    return lambda _field: schema
