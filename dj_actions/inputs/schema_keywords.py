"""The keywords of JSON Schema, safe for hostile values.

Those of jsonschema raise an error for some values instead of refusing them (a `multipleOf` for an
integer of 400 digits), and take a time that grows with the square of the length of a list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

MAX_UNEVALUATED = 1000
"""Items, or fields, of a value that `unevaluatedItems` and `unevaluatedProperties` are checked for.
"""

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


def _refusing(keyword: Keyword) -> Keyword:
    """Return a keyword for which a value that it cannot process is a violation."""

    def check(validator: Any, expected: Any, instance: Any, schema: Any) -> Iterator[Any]:
        try:
            yield from keyword(validator, expected, instance, schema) or ()
        except (ArithmeticError, TypeError, ValueError) as error:
            yield ValidationError(f"cannot be checked: {type(error).__name__}")

    return check


def _unique_items(validator: Any, unique: Any, instance: Any, schema: Any) -> Iterator[Any]:  # noqa: ARG001
    """Yield an error for duplicate items, in a time proportional to the size of the list."""
    if not (unique and validator.is_type(instance, "array")):
        return
    # As text, and not as hash values, which a client could choose to collide.
    if len({json.dumps(_normal(item), sort_keys=True) for item in instance}) < len(instance):
        yield ValidationError("has duplicate items")


def _normal(value: Any) -> Any:
    """Return a JSON value in the form that all values equal to it have: 1 for 1.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _normal(entry) for key, entry in value.items()}
    return [_normal(entry) for entry in value] if isinstance(value, list) else value


def _bounded(keyword: Keyword, limit_keyword: str) -> Keyword:
    """Return a keyword, whose cost grows with the square of the size, for bounded values."""

    def check(validator: Any, expected: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if isinstance(instance, (list, dict)) and len(instance) > MAX_UNEVALUATED:
            yield ValidationError(
                "is too long", validator=limit_keyword, validator_value=MAX_UNEVALUATED
            )
        else:
            yield from keyword(validator, expected, instance, schema) or ()

    return check


_known: dict[str, Any] = dict(Draft202012Validator.VALIDATORS)

KEYWORDS: dict[str, Any] = {
    **_known,
    "uniqueItems": _unique_items,
    "unevaluatedItems": _bounded(_known["unevaluatedItems"], "maxItems"),
    "unevaluatedProperties": _bounded(_known["unevaluatedProperties"], "maxProperties"),
}
"""Keyword → the function that checks it."""

Validator = extend(  # type: ignore[no-untyped-call]  # jsonschema has no type for it
    Draft202012Validator,
    {name: _refusing(keyword) for name, keyword in KEYWORDS.items()},
)
"""Validates against a schema of draft 2020-12."""
