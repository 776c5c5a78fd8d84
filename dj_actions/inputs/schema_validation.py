"""Check JSON against a JSON Schema, in words that a client can read.

jsonschema's own messages repeat the whole value, however long or secret it is; ours say what was
expected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

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
from dj_actions.inputs.schema_formats import FORMAT_CHECKER

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_LENGTH = 200
"""Characters of an expected value that a message repeats."""

REQUIRED = _lazy("This field is required.")
UNKNOWN = _lazy("Unknown field.")

MESSAGES: Mapping[str, str | Promise] = MappingProxyType(
    {
        "additionalProperties": UNKNOWN,
        "anyOf": _lazy("Matches none of the allowed forms."),
        "const": _lazy("Must be {expected}."),
        "enum": _lazy("Must be one of {expected}."),
        "exclusiveMaximum": _lazy("Must be less than {expected}."),
        "exclusiveMinimum": _lazy("Must be more than {expected}."),
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
        "oneOf": _lazy("Must match exactly one of the allowed forms."),
        "pattern": _lazy("Must match {expected}."),
        "required": REQUIRED,
        "type": _lazy("Must be of type {expected}."),
        "uniqueItems": _lazy("Must not have the same item twice."),
    }
)
"""Keyword of JSON Schema → what a violation of it means."""


def validator_for(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Return the validator of a schema that has been checked itself.

    Raises:
        InvalidAction: it is no JSON Schema of draft 2020-12, or refers to what is not in it.
    """
    if schema.get("$schema", DIALECT).rstrip("#") != DIALECT:
        raise InvalidAction(f"The JSON Schema is of {schema['$schema']!r}. Write it for {DIALECT}.")
    try:
        Draft202012Validator.check_schema(schema, format_checker=FORMAT_CHECKER)
    except SchemaError as error:
        raise InvalidAction(
            f"The JSON Schema is wrong at {error.json_path}: {error.message}"
        ) from error
    resource = Resource.from_contents(dict(schema), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(resource.id() or "", resource)
    try:
        _look_up_references(resource, registry.resolver_with_root(resource))
    except Unresolvable as error:
        raise InvalidAction(
            f"The JSON Schema refers to {error.ref!r}, which is not in it. Only what is in the "
            "same schema is looked up: nothing is fetched."
        ) from error
    return Draft202012Validator(schema, registry=registry, format_checker=FORMAT_CHECKER)


def violations(validator: Draft202012Validator, value: object) -> Iterator[Violation]:
    """Yield where and how a value violates the schema."""
    for found in validator.iter_errors(value):
        # Of the alternatives of an anyOf, the one that was most likely meant.
        error = best_match([found]) or found
        path = tuple(error.absolute_path)
        if error.validator in ("required", "additionalProperties"):
            for name in _names(error):
                yield (*path, name), str(MESSAGES[error.validator])
        else:
            yield path, _message(error)


def location(path: Path) -> str:
    """Return a path as text, for example `colours[0].name`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def _look_up_references(resource: Resource[Any], resolver: Any) -> None:
    contents = resource.contents
    if isinstance(contents, Mapping) and isinstance(contents.get("$ref"), str):
        resolver.lookup(contents["$ref"])
    for inner in resource.subresources():
        _look_up_references(inner, resolver.in_subresource(inner))


def _names(error: ValidationError) -> Iterator[str]:
    """Yield the fields that are missing, or that should not be there."""
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
        return _("Does not fulfil {keyword!r} of the schema.").format(keyword=keyword)
    return str(template).format(expected=_expected(error.validator_value))


def _expected(value: object) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, list):
        text = ", ".join(entry if isinstance(entry, str) else json.dumps(entry) for entry in value)
    else:
        text = json.dumps(value)
    return text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH] + "…"
