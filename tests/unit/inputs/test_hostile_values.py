"""Values that would crash a keyword of JSON Schema, or keep it busy."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from dj_actions.inputs import InputContext, JsonSchemaInput

MANY = 40_000
"""Items of a list for which a quadratic check takes minutes."""

HASH_MODULUS = 2**61 - 1
"""Python's hash of an integer is its remainder: multiples of this have the same."""


def errors_of(schema: dict[str, Any], value: Any) -> Any:
    adapter = JsonSchemaInput({"properties": {"x": schema}})
    try:
        adapter.validate({"x": value}, InputContext())
    except ValidationError as error:
        return error.detail
    return None


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"multipleOf": 0.01}, 10**400),
        ({"multipleOf": 0.3}, -(10**4000)),
        ({"type": "array", "items": {"multipleOf": 0.01}}, [10**400]),
        ({"not": {"not": {"multipleOf": 0.01}}}, 10**400),
        ({"anyOf": [{"multipleOf": 0.01}, {"type": "string"}]}, 10**400),
    ],
)
def test_what_a_keyword_cannot_process_is_invalid(schema: dict[str, Any], value: Any) -> None:
    assert errors_of(schema, value) is not None


def test_the_message_is_that_of_the_keyword() -> None:
    assert errors_of({"multipleOf": 0.01}, 10**400) == {"x": ["Must be a multiple of 0.01."]}


@pytest.mark.parametrize(
    "items",
    [
        [{"a": number} for number in range(MANY)],
        [[number, True] for number in range(MANY)],
        [number * HASH_MODULUS for number in range(MANY)],
        [{"a": [number * HASH_MODULUS]} for number in range(MANY)],
        [None, True, False, 1, 0, "1", "true", [], {}, [1], [True], {"1": 1}],
        [],
    ],
    ids=["objects", "lists", "same hash", "same hash inside", "similar", "none"],
)
def test_a_list_is_compared_in_time_and_correctly(items: list[Any]) -> None:
    schema = {"uniqueItems": True}

    assert errors_of(schema, items) is None
    assert items == [] or errors_of(schema, [*items, items[-1]]) is not None


@pytest.mark.parametrize(
    "items", [[1, 1.0], [{"a": 1, "b": 2}, {"b": 2.0, "a": 1}], [0.0, -0.0], [[1], [1.0]]]
)
def test_equal_values_may_be_written_differently(items: list[Any]) -> None:
    assert errors_of({"uniqueItems": True}, items) == {"x": ["Must not contain duplicate items."]}
    assert errors_of({"uniqueItems": False}, items) is None


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        (
            {"items": {}, "unevaluatedItems": False},
            [1] * MANY,
            "Must have at most 1000 items.",
        ),
        (
            {"patternProperties": {"^x": {}}, "unevaluatedProperties": False},
            {f"x{number}": 1 for number in range(MANY)},
            "Must have at most 1000 fields.",
        ),
    ],
)
def test_what_is_not_evaluated_is_looked_for_in_values_of_bounded_size(
    schema: dict[str, Any], value: Any, message: str
) -> None:
    assert errors_of(schema, value) == {"x": [message]}
    few = value[:1000] if isinstance(value, list) else dict(list(value.items())[:1000])
    assert errors_of(schema, few) is None
