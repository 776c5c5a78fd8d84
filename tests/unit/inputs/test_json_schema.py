"""Input declared as a JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from dj_actions.exceptions import InvalidAction
from dj_actions.inputs import InputContext, JsonSchemaInput
from dj_actions.inputs.factory import adapter_for
from tests.unit.inputs.samples import accepts, errors_of, validated

ADDRESS = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "code": {"$ref": "#/$defs/code"}},
    "required": ["city"],
}
ORDER: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "note": {"type": "string", "maxLength": 5, "description": "How it went."},
        "stars": {"type": "integer", "minimum": 1, "default": 3},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        "homes": {"type": "array", "items": ADDRESS},
        "number": {"anyOf": [{"type": "integer", "maximum": 9}, {"type": "null"}]},
    },
    "required": ["note"],
    "additionalProperties": False,
    "$defs": {"code": {"type": "string", "pattern": "^[0-9]+$", "description": "Digits."}},
}


def of(schema: object) -> dict[str, Any]:
    """Return the schema of an object with one field, `value`."""
    return {"properties": {"value": schema}}


def test_the_data_is_what_was_sent() -> None:
    sent = {"note": "fine", "homes": [{"city": "Bonn", "code": "53111"}], "number": None}

    taken = adapter_for(ORDER).validate(sent, InputContext())

    assert (taken.data, taken.bound) == (sent, None)


def test_errors_have_the_shape_of_a_serializers() -> None:
    wrong = {
        "note": "too long",
        "stars": "3",
        "tags": [7],
        "homes": [{"city": "Bonn"}, {"code": "x"}],
        "number": 10,
        "other": 1,
    }

    assert errors_of(ORDER, wrong) == {
        "note": ["Must have at most 5 characters."],
        "stars": ["Must be of type integer."],
        "tags": {
            "non_field_errors": ["Must have at least 2 items."],
            "0": ["Must be of type string."],
        },
        "homes": {"1": {"city": ["This field is required."], "code": ["Must match ^[0-9]+$."]}},
        "number": ["Must be at most 9."],
        "other": ["Unknown field."],
    }


def test_non_field_errors_have_the_key_of_drf() -> None:
    assert errors_of({"minProperties": 1}, {}) == {
        "non_field_errors": ["Must have at least 1 fields."]
    }


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"const": {"a": 1}}, 2, 'Must be {"a": 1}.'),
        ({"enum": ["a", 1, None]}, 2, "Must be one of a, 1, null."),
        ({"enum": ["a" * 150, "b" * 150]}, 2, f"Must be one of {'a' * 150}, {'b' * 48}…."),
        ({"exclusiveMinimum": 0}, 0, "Must be greater than 0."),
        ({"exclusiveMaximum": 0}, 0, "Must be less than 0."),
        ({"multipleOf": 5}, 7, "Must be a multiple of 5."),
        ({"minLength": 3}, "ab", "Must have at least 3 characters."),
        ({"maxItems": 1}, [1, 2], "Must have at most 1 items."),
        ({"maxProperties": 0}, {"a": 1}, "Must have at most 0 fields."),
        ({"uniqueItems": True}, [1, 1], "Must not contain duplicate items."),
        ({"type": ["string", "null"]}, 1, "Must be of type string, null."),
        ({"format": "date"}, "soon", "Must be in the format date."),
        ({"oneOf": [{"type": "integer"}, {"minimum": 0}]}, 1, "Must match exactly one of the "),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "Must match at least one of the "),
        ({"not": {"type": "null"}}, None, "Does not match 'not' of the schema."),
        (False, 1, "Unknown field."),
    ],
)
def test_messages_say_what_was_expected(schema: Any, value: Any, message: str) -> None:
    ((found,),) = errors_of(of(schema), {"value": value}).values()

    assert found.startswith(message)


@pytest.mark.parametrize("schema", [{"maxLength": 3}, {"pattern": "^a"}, {"type": "integer"}])
def test_messages_do_not_repeat_what_was_sent(schema: Any) -> None:
    assert "secret" not in str(errors_of(of(schema), {"value": "my secret"}))


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", ["2026-05-01"], ["2026-02-30", "20260501", "1.5.2026"]),
        (
            "date-time",
            ["2026-05-01T12:00:00Z", "2026-05-01t12:00:00.123+02:00"],
            ["2026-05-01", "2026-05-01T12:00:00", "2026-02-30T12:00:00Z", "2026-05-01T25:00:00Z"],
        ),
        ("time", ["12:00:00Z", "12:00:00.5-01:00"], ["12:00:00", "12:00Z", "25:00:00Z"]),
        ("duration", ["P1D", "PT2H", "P1Y2M3DT4H5M6S", "P3W"], ["", "P", "PT", "P1DT", "1D"]),
        ("email", ["ann@example.org"], ["ann", "ann@", "@example.org"]),
        ("hostname", ["localhost", "a-b.example.org"], ["-a", "a_b", "a..b", "x" * 64, ""]),
        ("ipv4", ["127.0.0.1"], ["127.0.0", "::1"]),
        ("ipv6", ["::1"], ["127.0.0.1"]),
        ("regex", ["^a+$"], ["("]),
        (
            "uri",
            ["https://example.org/a?b=c#d", "urn:a:b"],
            ["example.org", "a b:c", "/a", "a:<b>"],
        ),
        ("uuid", ["6f1c0a52-8a0e-7cc1-9d54-0b9f5f0a0a01"], ["6f1c0a52", "x"]),
    ],
)
def test_formats_are_checked(name: str, good: list[str], bad: list[str]) -> None:
    schema = of({"format": name})

    assert [text for text in good if not accepts(schema, {"value": text})] == []
    assert [text for text in bad if accepts(schema, {"value": text})] == []
    assert accepts(schema, {"value": 7})


def test_a_form_encoded_body_has_texts_and_lists_of_them() -> None:
    body = QueryDict("note=fine&tags=a&tags=b")

    assert validated(ORDER, body) == {"note": "fine", "tags": ["a", "b"]}


@pytest.mark.parametrize(
    "schema",
    [
        of({"type": "nothing"}),
        {"properties": []},
        {"required": "note"},
        {"minimum": "1"},
        of({"pattern": "("}),
        of({"maxLength": -1}),
    ],
)
def test_an_invalid_schema_is_refused_when_declared(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidAction, match=r"The JSON Schema is invalid at \$"):
        adapter_for(schema)


@pytest.mark.parametrize("kind", ["array", "string", ["object", "null"]])
def test_a_schema_of_another_type_than_object_is_refused_when_declared(kind: Any) -> None:
    with pytest.raises(InvalidAction, match="set the type to 'object'"):
        adapter_for({"type": kind})


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"propertys": {}}, "'propertys' at '#'. Did you mean 'properties'?"),
        ({"require": ["a"]}, "'require' at '#'. Did you mean 'required'?"),
        (
            {"properties": {"a": {"maxlength": 5}}},
            "'maxlength' at '#/properties/a'. Did you mean 'maxLength'?",
        ),
        (
            {"$defs": {"a": {"anyOf": [{"items": {"enums": []}}]}}},
            "'enums' at '#/$defs/a/anyOf/0/items'. Did you mean 'enum'?",
        ),
    ],
)
def test_a_misspelled_keyword_is_refused_with_the_nearest(schema: Any, said: str) -> None:
    with pytest.raises(InvalidAction) as refused:
        JsonSchemaInput(schema)

    assert str(refused.value) == f"The JSON Schema has the unknown keyword {said}"


def test_fields_values_and_other_keywords_are_not_taken_for_misspelled_ones() -> None:
    fields = {name: {"default": {"require": 1}} for name in ("propertys", "require", "maxlength")}
    other = {
        "x-order": 1,
        "widget": "text",
        "unit": "kg",
        "note": "",
        "example": 1,
        "nullable": True,
    }

    assert JsonSchemaInput({"properties": fields, **other}).fields()


def test_a_schema_of_another_draft_is_refused_when_declared() -> None:
    with pytest.raises(InvalidAction, match="draft-07"):
        adapter_for({"$schema": "http://json-schema.org/draft-07/schema#"})


@pytest.mark.parametrize(
    "reference",
    ["#/$defs/nowhere", "#nowhere", "other.json", "http://127.0.0.1:9/schema.json"],
)
def test_a_reference_to_nowhere_is_refused_when_declared(reference: str) -> None:
    with pytest.raises(InvalidAction, match="nothing is fetched"):
        adapter_for(of({"anyOf": [{"items": {"$ref": reference}}]}))


def test_references_inside_the_schema_are_followed() -> None:
    schema = {
        "$id": "https://example.org/order",
        "properties": {"a": {"$ref": "#here"}, "b": {"$ref": "part"}},
        "$defs": {
            "a": {"$anchor": "here", "type": "integer"},
            "b": {"$id": "part", "$ref": "#/$defs/c", "$defs": {"c": {"type": "null"}}},
        },
    }

    assert accepts(schema, {"a": 1, "b": None})
    assert list(errors_of(schema, {"a": "x", "b": "x"})) == ["a", "b"]


def test_data_too_deep_for_a_recursive_schema_is_refused() -> None:
    schema = {"properties": {"next": {"$ref": "#"}}, "additionalProperties": False}
    deep: Any = {}
    for _ in range(99):
        deep = {"next": deep}

    assert accepts(schema, {"next": {"next": {}}})
    assert not accepts(schema, {"next": {"next": {"last": {}}}})
    # As deep as a body may be; whether Python's stack suffices depends on who calls.
    assert accepts(schema, deep) or errors_of(schema, deep) == {
        "non_field_errors": ["Nested too deeply."]
    }


def test_a_schema_that_changes_later_changes_nothing() -> None:
    schema = of({"type": "integer"})
    declared = adapter_for(schema)

    schema["properties"]["value"]["type"] = "string"
    declared.json_schema()["properties"]["value"]["type"] = "string"

    assert validated(declared, {"value": 1}) == {"value": 1}


def test_the_schema_is_returned_with_the_type_object() -> None:
    assert adapter_for({"required": ["a"]}).json_schema() == {"type": "object", "required": ["a"]}
    assert adapter_for(ORDER).json_schema() == {
        name: part for name, part in ORDER.items() if name != "$schema"
    }


def test_fields_are_described_by_their_json_types() -> None:
    note, stars, tags, _, number = adapter_for(ORDER).describe()

    assert note == {
        "name": "note",
        "type": "string",
        "required": True,
        "description": "How it went.",
    }
    assert (stars["type"], stars["required"]) == ("integer", False)
    assert (tags["type"], number["type"]) == ("array", "integer | null")


def test_fields_are_described_by_what_they_refer_to() -> None:
    schema = {
        "$ref": "#/$defs/all",
        "$defs": {
            "all": {"properties": {"a": {"$ref": "#/$defs/a~1b"}, "b": True, "c": {}}},
            "a/b": {"type": "string", "description": "Digits."},
        },
    }

    assert [
        (field["name"], field["type"], field["description"])
        for field in adapter_for(schema).describe()
    ] == [("a", "string", "Digits."), ("b", "any", ""), ("c", "any", "")]


def test_fields_are_described_by_all_parts_of_a_schema() -> None:
    schema = {
        "properties": {"a": {"type": "string"}},
        "allOf": [{"$ref": "#/$defs/more"}, {"required": ["a"]}],
        "$defs": {"more": {"properties": {"b": {"type": "array"}}, "allOf": [{"$ref": "#"}]}},
    }
    declared = adapter_for(schema)

    assert [(field["name"], field["required"]) for field in declared.describe()] == [
        ("a", True),
        ("b", False),
    ]


def test_circular_references_can_be_described() -> None:
    schema = {
        "properties": {"a": {"$ref": "#/$defs/a"}},
        "$defs": {"a": {"anyOf": [*[{"$ref": "#/$defs/a"}] * 9, {"type": "null"}]}},
    }

    assert [field["type"] for field in adapter_for(schema).describe()] == ["null"]
    assert adapter_for(schema).sensitive_names() == frozenset()


def test_fields_of_the_format_password_are_sensitive_at_any_depth() -> None:
    secret = {"type": "string", "format": "password"}
    schema = {
        "properties": {
            "a": secret,
            "b": {"anyOf": [secret, {"type": "null"}]},
            "c": {"type": "array", "items": {"properties": {"d": {"$ref": "#/$defs/pin"}}}},
            "e": {"type": "array", "items": secret},
            "f": {"type": "string"},
        },
        "$defs": {"pin": secret},
    }

    assert adapter_for(schema).sensitive_names() == {"a", "b", "d", "e"}


def test_each_declaration_is_hashable() -> None:
    assert len({JsonSchemaInput({}), JsonSchemaInput({})}) == 2
