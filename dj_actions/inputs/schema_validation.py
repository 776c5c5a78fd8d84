"""Validate JSON against a JSON Schema, with error messages for clients.

The messages of jsonschema itself repeat the whole value, however long or secret it is. These
messages contain only the expectation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, cast

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from dj_actions.exceptions import InvalidAction
from dj_actions.inputs.errors import Path, Violation
from dj_actions.inputs.schema_builders import JSON_SCHEMA_DIALECT
from dj_actions.inputs.schema_formats import FORMAT_CHECKER
from dj_actions.inputs.schema_keywords import Validator

MAX_EXPECTED_LENGTH = 200
"""Characters of an expected value in a message; longer values are truncated."""

REQUIRED = _lazy("This field is required.")
UNKNOWN = _lazy("Unknown field.")

MESSAGES: Mapping[str, str | Promise] = MappingProxyType(
    {
        "additionalProperties": UNKNOWN,
        "anyOf": _lazy("Must match at least one of the allowed schemas."),
        "const": _lazy("Must be {expected}."),
        "enum": _lazy("Must be one of {expected}."),
        "exclusiveMaximum": _lazy("Must be less than {expected}."),
        "exclusiveMinimum": _lazy("Must be greater than {expected}."),
        "false schema": UNKNOWN,
        "format": _lazy("Must be in the format {expected}."),
        "maxItems": _lazy("Must have at most {expected} items."),
        "maxLength": _lazy("Must have at most {expected} characters."),
        "maxProperties": _lazy("Must have at most {expected} fields."),
        "maximum": _lazy("Must be at most {expected}."),
        "minItems": _lazy("Must have at least {expected} items."),
        "minLength": _lazy("Must have at least {expected} characters."),
        "minProperties": _lazy("Must have at least {expected} fields."),
        "minimum": _lazy("Must be at least {expected}."),
        "multipleOf": _lazy("Must be a multiple of {expected}."),
        "oneOf": _lazy("Must match exactly one of the allowed schemas."),
        "pattern": _lazy("Must match {expected}."),
        "required": REQUIRED,
        "type": _lazy("Must be of type {expected}."),
        "uniqueItems": _lazy("Must not contain duplicate items."),
    }
)
"""Keyword of JSON Schema → error message for a violation."""


def validator_for(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Return the validator for a schema, after checking the schema itself.

    Raises:
        InvalidAction: the schema is not a valid JSON Schema of draft 2020-12, or has a reference
            that cannot be resolved within it.
    """
    if schema.get("$schema", JSON_SCHEMA_DIALECT).rstrip("#") != JSON_SCHEMA_DIALECT:
        raise InvalidAction(
            f"The JSON Schema has the unsupported $schema {schema['$schema']!r}. "
            f"Use {JSON_SCHEMA_DIALECT}."
        )
    try:
        Draft202012Validator.check_schema(schema, format_checker=FORMAT_CHECKER)
    except SchemaError as error:
        raise InvalidAction(
            f"The JSON Schema is invalid at {error.json_path}: {error.message}"
        ) from error
    resource = Resource.from_contents(dict(schema), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(resource.id() or "", resource)
    try:
        _resolve_references(resource, registry.resolver_with_root(resource))
    except Unresolvable as error:
        raise InvalidAction(
            f"The JSON Schema refers to {error.ref!r}, which it does not contain. References must "
            "be to the same schema: nothing is fetched."
        ) from error
    validator = Validator(schema, registry=registry, format_checker=FORMAT_CHECKER)
    return cast("Draft202012Validator", validator)


def violations(validator: Draft202012Validator, value: object) -> Iterator[Violation]:
    """Yield the location and the message of each violation of the schema."""
    for found in validator.iter_errors(value):
        # Among the alternatives of an anyOf, the error of the one that was most likely intended.
        error = best_match([found]) or found
        path = tuple(error.absolute_path)
        if error.validator in ("required", "additionalProperties"):
            for name in _affected_fields(error):
                yield (*path, name), str(MESSAGES[error.validator])
        else:
            yield path, _message(error)


def location(path: Path) -> str:
    """Return a path as a string, for example `colors[0].name`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def _resolve_references(resource: Resource[Any], resolver: Any) -> None:
    contents = resource.contents
    if isinstance(contents, Mapping) and isinstance(contents.get("$ref"), str):
        resolver.lookup(contents["$ref"])
    for inner in resource.subresources():
        _resolve_references(inner, resolver.in_subresource(inner))


def _affected_fields(error: ValidationError) -> Iterator[str]:
    """Yield the names of the missing fields, or of the unknown fields."""
    value: Any = error.instance
    expected: Any = error.validator_value
    if error.validator == "required":
        yield from (name for name in expected if name not in value)
        return
    schema: Any = error.schema
    patterns = schema.get("patternProperties", {})
    for name in value:
        known = name in schema.get("properties", {})
        if not known and not any(re.search(pattern, name) for pattern in patterns):
            yield name


def _message(error: ValidationError) -> str:
    keyword = str(error.validator or "false schema")
    template = MESSAGES.get(keyword)
    if template is None:
        return _("Does not match {keyword!r} of the schema.").format(keyword=keyword)
    return str(template).format(expected=_format_expected(error.validator_value))


def _format_expected(value: object) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, list):
        text = ", ".join(entry if isinstance(entry, str) else json.dumps(entry) for entry in value)
    else:
        text = json.dumps(value)
    return text if len(text) <= MAX_EXPECTED_LENGTH else text[:MAX_EXPECTED_LENGTH] + "…"
