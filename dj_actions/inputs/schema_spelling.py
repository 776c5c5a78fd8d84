"""Refuse misspelled keywords of a JSON Schema, which validators ignore as annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jsonschema import Draft202012Validator

from dj_actions.exceptions import InvalidAction
from dj_actions.text import nearest

SUBSCHEMAS = frozenset(
    {
        *("additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"),
        *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
    }
)
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
MAPPINGS = frozenset(
    {"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"}
)

KEYWORDS = frozenset(
    {
        *Draft202012Validator.VALIDATORS,
        *(SUBSCHEMAS | LISTS | MAPPINGS),
        *("$anchor", "$comment", "$dynamicAnchor", "$id", "$schema", "$vocabulary"),
        *("contentEncoding", "contentMediaType", "maxContains", "minContains"),
        *("default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"),
        *("discriminator", "example", "externalDocs", "nullable", "xml"),  # OpenAPI's own
    }
)

COMMON_WORDS = frozenset({"else", "if", "not", "then"})
"""Keywords that other names resemble by chance, such as `note`."""

SIMILAR = 0.8
"""Similarity, from 0 to 1, of a keyword that is probably a misspelled one."""


def require_known_keywords(schema: object, pointer: str = "#") -> None:
    """Refuse a schema with a keyword that is almost one of JSON Schema's.

    Args:
        schema: the schema.
        pointer: its place in the document, as a JSON Pointer.

    Raises:
        InvalidAction: the message has the keyword and the nearest one.
    """
    if not isinstance(schema, Mapping):
        return
    for keyword in map(str, schema):
        meant = None if keyword in KEYWORDS else nearest(keyword, KEYWORDS - COMMON_WORDS, SIMILAR)
        if meant:
            raise InvalidAction(
                f"The JSON Schema has the unknown keyword {keyword!r} at {pointer!r}. "
                f"Did you mean {meant!r}?"
            )
    for name, inner in _subschemas(schema):
        require_known_keywords(inner, f"{pointer}/{name}")


def _subschemas(schema: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for keyword, value in schema.items():
        if keyword in SUBSCHEMAS:
            yield keyword, value
        elif keyword in LISTS and isinstance(value, list):
            yield from ((f"{keyword}/{index}", inner) for index, inner in enumerate(value))
        elif keyword in MAPPINGS and isinstance(value, Mapping):
            yield from ((f"{keyword}/{name}", inner) for name, inner in value.items())
