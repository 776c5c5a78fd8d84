"""Rewrite JSON Schemas for OpenAPI.

OpenAPI 3.1 takes JSON Schema 2020-12 as it is. OpenAPI 3.0, which drf-spectacular writes by
default, has an older dialect of its own: https://spec.openapis.org/oas/v3.0.3#schema-object. What
it cannot say is left out: the document then promises less than is checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.settings import spectacular_settings

from dj_actions.inputs.schema_builders import Schema

NOT_OF_A_PART = frozenset({"$schema", "$id", "$comment", "$defs", "definitions", "$anchor"})
"""Keywords of a document of its own; of a part of OpenAPI's, none."""

SUBSCHEMAS = frozenset({"items", "additionalProperties", "not"})
LISTS_OF_SUBSCHEMAS = frozenset({"allOf", "anyOf", "oneOf"})

KEPT = frozenset(
    {
        *("title", "description", "default", "format", "deprecated", "readOnly", "writeOnly"),
        *("multipleOf", "minimum", "maximum", "minLength", "maxLength", "pattern"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
        *("discriminator", "externalDocs", "xml", "example"),
    }
)
"""Keywords that mean the same in both."""

NULL: Schema = {"enum": [None], "nullable": True}
"""OpenAPI 3.0 has no type for it."""

TYPES_OF_VALUES: Mapping[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


def for_openapi(schema: object) -> Any:
    """Return a JSON Schema 2020-12 in the dialect of the document that is being written."""
    if spectacular_settings.OAS_VERSION.startswith("3.0"):
        return _older(schema)
    return _same(schema)


def mapped(schema: Mapping[str, Any], convert: Callable[[Any], Any]) -> Schema:
    """Return a schema with each of its direct subschemas converted."""
    result: Schema = {}
    for keyword, value in schema.items():
        if keyword in SUBSCHEMAS | {"contains", "propertyNames", "if", "then", "else"}:
            result[keyword] = convert(value)
        elif keyword in LISTS_OF_SUBSCHEMAS | {"prefixItems"} and isinstance(value, list):
            result[keyword] = [convert(entry) for entry in value]
        elif keyword in ("properties", "patternProperties", "dependentSchemas", "$defs"):
            result[keyword] = {name: convert(entry) for name, entry in value.items()}
        else:
            result[keyword] = value
    return result


def types_of(schema: Mapping[str, Any]) -> list[str]:
    """Return the JSON types that a schema names, or that the values it lists are of."""
    declared = schema.get("type", [])
    if declared:
        return [declared] if isinstance(declared, str) else list(declared)
    return list(dict.fromkeys(TYPES_OF_VALUES[type(value)] for value in schema.get("enum", ())))


def _same(schema: object) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    kept = {key: value for key, value in schema.items() if key not in NOT_OF_A_PART}
    if "enum" in kept and "type" not in kept:
        # drf-spectacular's hook for enums counts on it.
        types = types_of(kept)
        kept = {"type": types[0] if len(types) == 1 else types, **kept}
    return mapped(kept, _same)


def _older(schema: object) -> Any:
    """Return a schema in the dialect of OpenAPI 3.0."""
    if schema is True or not isinstance(schema, Mapping):
        return {"not": {}} if schema is False else {}
    if "$ref" in schema:
        return _reference(schema)
    schema = _with_enum_for_const(schema)
    result: Schema = {key: value for key, value in schema.items() if _is_kept(key)}
    result |= _subschemas(schema) | _exclusive_limits(schema) | _items(schema) | _example(schema)
    return _typed(result, types_of(schema), schema.get("enum"))


def _is_kept(keyword: str) -> bool:
    return keyword in KEPT or keyword.startswith("x-")


def _reference(schema: Mapping[str, Any]) -> Schema:
    """Return a reference; its siblings would be ignored."""
    siblings = {key: value for key, value in schema.items() if key != "$ref"}
    reference: Schema = {"$ref": schema["$ref"]}
    rest: Schema = _older(siblings) if siblings else {}
    return {"allOf": [reference, *rest.pop("allOf", [])], **rest} if rest else reference


def _with_enum_for_const(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "const" not in schema:
        return schema
    rest = {key: value for key, value in schema.items() if key != "const"}
    return rest | {"enum": [schema["const"]]}


def _subschemas(schema: Mapping[str, Any]) -> Schema:
    named = SUBSCHEMAS | LISTS_OF_SUBSCHEMAS | {"properties"}
    result = mapped({key: value for key, value in schema.items() if key in named}, _older)
    if isinstance(schema.get("additionalProperties"), bool):
        result["additionalProperties"] = schema["additionalProperties"]
    if schema.get("required"):  # an empty list is not allowed
        result["required"] = list(schema["required"])
    return result


def _exclusive_limits(schema: Mapping[str, Any]) -> Schema:
    result: Schema = {}
    for limit in ("minimum", "maximum"):
        exclusive = f"exclusive{limit.title()}"
        if exclusive in schema:
            result |= {limit: schema[exclusive], exclusive: True}
    return result


def _items(schema: Mapping[str, Any]) -> Schema:
    """Return what a list holds: something in any case, of a tuple any of its parts."""
    if set(types_of(schema)) - {"null"} != {"array"} and "prefixItems" not in schema:
        return {}
    rest, parts = schema.get("items", True), schema.get("prefixItems", [])
    if not parts or (rest is True and schema.get("maxItems", math.inf) > len(parts)):
        return {"items": _older(rest)}
    further = [] if isinstance(rest, bool) else [rest]
    return {"items": {"anyOf": [_older(entry) for entry in (*parts, *further)]}}


def _example(schema: Mapping[str, Any]) -> Schema:
    examples = schema.get("examples")
    return {"example": examples[0]} if isinstance(examples, list) and examples else {}


def _typed(schema: Schema, types: list[str], values: list[Any] | None) -> Schema:
    """Return the schema with its one type, or as alternatives of one type each."""
    if values is not None:
        schema = schema | {"enum": values}
    others = [entry for entry in types if entry != "null"]
    if not others:
        return schema | NULL if types else schema
    if len(others) == 1:
        nullable = {"nullable": True} if "null" in types else {}
        return {"type": others[0], **schema, **nullable}
    # Of values that are listed, the types say nothing more.
    return schema if values is not None else _with_alternatives(schema, types)


def _with_alternatives(schema: Schema, types: list[str]) -> Schema:
    options = [_older({"type": entry}) for entry in types]
    if "anyOf" not in schema:
        return schema | {"anyOf": options}
    return schema | {"allOf": [*schema.get("allOf", []), {"anyOf": options}]}
