"""Convert JSON Schemas to the schema dialect of the OpenAPI document.

OpenAPI 3.1 uses JSON Schema 2020-12. OpenAPI 3.0, the default of drf-spectacular, has an older
dialect: https://spec.openapis.org/oas/v3.0.3#schema-object. Keywords that it lacks are omitted;
the document is then less strict than the validation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.settings import spectacular_settings

from dj_actions.inputs.schema_builders import Schema, declared_types

ROOT_KEYWORDS = frozenset({"$schema", "$id", "$comment", "$defs", "definitions", "$anchor"})
"""Keywords of a standalone JSON Schema that are omitted in an OpenAPI document."""

SUBSCHEMAS = frozenset({"items", "additionalProperties", "not"})
LISTS_OF_SUBSCHEMAS = frozenset({"allOf", "anyOf", "oneOf"})

SHARED_KEYWORDS = frozenset(
    {
        *("title", "description", "default", "format", "deprecated", "readOnly", "writeOnly"),
        *("multipleOf", "minimum", "maximum", "minLength", "maxLength", "pattern"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
        *("discriminator", "externalDocs", "xml", "example"),
    }
)
"""Keywords with the same meaning in both dialects."""

NULL: Schema = {"enum": [None], "nullable": True}
"""The schema of null, for which OpenAPI 3.0 has no type."""

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
    """Return a JSON Schema 2020-12 in the dialect of the document that is being generated."""
    if spectacular_settings.OAS_VERSION.startswith("3.0"):
        return _for_3_0(schema)
    return _for_3_1(schema)


def map_subschemas(schema: Mapping[str, Any], convert: Callable[[Any], Any]) -> Schema:
    """Return a schema with a function applied to each of its direct subschemas."""
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
    """Return the JSON types that a schema lists in `type`, or else those of its enum values."""
    values = schema.get("enum", ())
    return declared_types(schema) or list(dict.fromkeys(TYPES_OF_VALUES[type(v)] for v in values))


def _for_3_1(schema: object) -> Any:
    """Return a schema in the dialect of OpenAPI 3.1."""
    if not isinstance(schema, Mapping):
        return schema
    kept = {key: value for key, value in schema.items() if key not in ROOT_KEYWORDS}
    if "enum" in kept and "type" not in kept:
        # drf-spectacular's postprocessing hook for enums requires a type.
        types = types_of(kept)
        kept = {"type": types[0] if len(types) == 1 else types, **kept}
    return map_subschemas(kept, _for_3_1)


def _for_3_0(schema: object) -> Any:
    """Return a schema in the dialect of OpenAPI 3.0."""
    if schema is True or not isinstance(schema, Mapping):
        return {"not": {}} if schema is False else {}
    if "$ref" in schema:
        return _reference(schema)
    schema = _const_as_enum(schema)
    result: Schema = {key: value for key, value in schema.items() if _is_shared(key)}
    result |= _subschemas(schema) | _exclusive_limits(schema) | _items(schema) | _example(schema)
    return _with_types(result, types_of(schema), schema.get("enum"))


def _is_shared(keyword: str) -> bool:
    return keyword in SHARED_KEYWORDS or keyword.startswith("x-")


def _reference(schema: Mapping[str, Any]) -> Schema:
    """Return a reference, in an `allOf` if it has sibling keywords, which 3.0 would ignore."""
    siblings = {key: value for key, value in schema.items() if key != "$ref"}
    reference: Schema = {"$ref": schema["$ref"]}
    rest: Schema = _for_3_0(siblings) if siblings else {}
    return {"allOf": [reference, *rest.pop("allOf", [])], **rest} if rest else reference


def _const_as_enum(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "const" not in schema:
        return schema
    rest = {key: value for key, value in schema.items() if key != "const"}
    return rest | {"enum": [schema["const"]]}


def _subschemas(schema: Mapping[str, Any]) -> Schema:
    keywords = SUBSCHEMAS | LISTS_OF_SUBSCHEMAS | {"properties"}
    kept = {key: value for key, value in schema.items() if key in keywords}
    result = map_subschemas(kept, _for_3_0)
    if isinstance(schema.get("additionalProperties"), bool):
        result["additionalProperties"] = schema["additionalProperties"]
    if schema.get("required"):  # 3.0 does not allow an empty list
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
    """Return `items`, which 3.0 requires of each array; of a tuple, any of its parts."""
    if set(types_of(schema)) - {"null"} != {"array"} and "prefixItems" not in schema:
        return {}
    rest, parts = schema.get("items", True), schema.get("prefixItems", [])
    if not parts or (rest is True and schema.get("maxItems", math.inf) > len(parts)):
        return {"items": _for_3_0(rest)}
    additional = [] if isinstance(rest, bool) else [rest]
    return {"items": {"anyOf": [_for_3_0(entry) for entry in (*parts, *additional)]}}


def _example(schema: Mapping[str, Any]) -> Schema:
    examples = schema.get("examples")
    return {"example": examples[0]} if isinstance(examples, list) and examples else {}


def _with_types(schema: Schema, types: list[str], values: list[Any] | None) -> Schema:
    """Return the schema with its one type, or with an alternative for each type."""
    if values is not None:
        schema = schema | {"enum": values}
    others = [entry for entry in types if entry != "null"]
    if not others:
        return schema | NULL if types else schema
    if len(others) == 1:
        nullable = {"nullable": True} if "null" in types else {}
        return {"type": others[0], **schema, **nullable}
    # For an enum, the types add no information.
    return schema if values is not None else _with_alternatives(schema, types)


def _with_alternatives(schema: Schema, types: list[str]) -> Schema:
    options = [_for_3_0({"type": entry}) for entry in types]
    if "anyOf" not in schema:
        return schema | {"anyOf": options}
    return schema | {"allOf": [*schema.get("allOf", []), {"anyOf": options}]}
