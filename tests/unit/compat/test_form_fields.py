"""Form fields for lists of strings and for JSON, including regressions of dj-actions 0.0.7."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from dj_actions.exceptions import InvalidAction
from dj_actions.fields import CommaSeparatedCharField, JSONTextField
from tests.unit.inputs.samples import errors_of, validated

POINT = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "marks": {"type": "array", "items": {"maxLength": 2}}},
    "required": ["x"],
}


class PointField(JSONTextField):
    """A field whose schema is an attribute of its class."""

    schema = POINT


class TagsForm(forms.Form):
    tags = CommaSeparatedCharField(max_length=3)
    extra = JSONTextField(schema=POINT, required=False)


def messages_of(field: forms.Field, value: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        field.clean(value)
    return refused.value.messages


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("a, b", ["a", "b"]),
        (" a ,, b,", ["a", "b"]),
        ("a", ["a"]),
        (["a", "b"], ["a", "b"]),
        ([" a ", ""], ["a"]),
        (["a, b"], ["a, b"]),
        (("a",), ["a"]),
    ],
)
def test_values_are_separated_by_commas_or_a_list(value: Any, texts: list[str]) -> None:
    assert CommaSeparatedCharField().clean(value) == texts


@pytest.mark.parametrize("value", [None, "", " , ", [], [""], ["  "]])
def test_an_empty_value_is_an_empty_list_unless_it_is_required(value: Any) -> None:
    assert CommaSeparatedCharField(required=False).clean(value) == []
    assert messages_of(CommaSeparatedCharField(), value) == ["This field is required."]


@pytest.mark.parametrize("value", [{}, {"a": 1}, True, False, 7, [1], ["a", None], [["a"]], b"a"])
def test_other_types_than_a_list_of_strings_are_refused(value: Any) -> None:
    assert messages_of(CommaSeparatedCharField(required=False), value) == [
        "Enter values separated by commas, or a list of strings."
    ]


def test_duplicates_may_be_kept() -> None:
    assert CommaSeparatedCharField(dedup=False).clean("b, a, b") == ["b", "a", "b"]
    assert CommaSeparatedCharField(dedup=False).clean(["a", "a"]) == ["a", "a"]


def test_the_limits_count_values() -> None:
    field = CommaSeparatedCharField(min_length=2, max_length=3)

    assert field.clean("a, b") == ["a", "b"]
    assert messages_of(field, "a") == ["Enter at least 2 values (received 1)."]
    assert messages_of(field, ["a", "b", "c", "d"]) == ["Enter at most 3 values (received 4)."]


def test_further_validators_see_the_list() -> None:
    def refuse_b(texts: list[str]) -> None:
        if "b" in texts:
            raise ValidationError("No b.")

    assert messages_of(CommaSeparatedCharField(validators=[refuse_b]), "a, b") == ["No b."]


@pytest.mark.parametrize(
    ("value", "shown"), [(["a", "b"], "a, b"), ("a,b", "a,b"), (None, None), ([], "")]
)
def test_a_text_input_shows_a_list_separated_by_commas(value: Any, shown: Any) -> None:
    assert CommaSeparatedCharField().prepare_value(value) == shown


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ('{"a": [1, null]}', {"a": [1, None]}),
        (" [1] ", [1]),
        ('"text"', "text"),
        ("0", 0),
        ("null", None),
        ("{}", {}),
        ({"a": 1}, {"a": 1}),
        ([1, "a"], [1, "a"]),
        ({}, {}),
        ([], []),
        (False, False),
        (0, 0),
    ],
)
def test_json_is_a_string_or_already_parsed(value: Any, parsed: Any) -> None:
    assert JSONTextField().clean(value) == parsed
    assert JSONTextField(required=False).clean(value) == parsed


@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_empty_json_value_is_allowed_unless_it_is_required(value: Any) -> None:
    assert JSONTextField(required=False).clean(value) == ""
    assert JSONTextField(required=False, empty_value=None).clean(value) is None
    assert messages_of(JSONTextField(), value) == ["This field is required."]


@pytest.mark.parametrize("text", ["{", "{'a': 1}", "a", "[1,]", "NaN", "-Infinity", "1" * 5000])
def test_invalid_json_is_refused(text: str) -> None:
    (message,) = messages_of(JSONTextField(), text)

    assert message.startswith("Enter valid JSON: ")


@pytest.mark.parametrize(
    "value", [r'"\u0000"', r'["\ud800"]', '"a\x00"', "1e999", "[" * 200_000, "[" * 150 + "]" * 150]
)
def test_json_that_a_database_cannot_store_is_refused(value: str) -> None:
    assert messages_of(JSONTextField(), value)


@pytest.mark.parametrize("field", [JSONTextField(POINT), JSONTextField(schema=POINT), PointField()])
def test_json_is_validated_against_the_schema(field: JSONTextField) -> None:
    assert field.clean('{"x": 1}') == {"x": 1}
    assert field.clean({"x": 1, "marks": ["ab"]}) == {"x": 1, "marks": ["ab"]}
    assert messages_of(field, {"x": "1", "marks": ["a", "abc"]}) == [
        "x: Must be of type integer.",
        "marks[1]: Must have at most 2 characters.",
    ]
    assert messages_of(field, "{}") == ["x: This field is required."]
    assert messages_of(field, "[]") == ["Must be of type object."]


def test_a_schema_argument_overrides_that_of_the_class() -> None:
    assert PointField(schema={"type": "array"}).clean("[]") == []
    assert PointField(schema={}).clean("[]") == []


def test_an_empty_value_is_not_validated_against_the_schema() -> None:
    assert JSONTextField(POINT, required=False).clean("") == ""


def test_a_schema_that_is_wrong_is_refused_when_declared() -> None:
    with pytest.raises(InvalidAction, match="The JSON Schema is invalid"):
        JSONTextField({"type": "nothing"})


def test_the_length_limits_of_json_count_characters() -> None:
    field = JSONTextField(max_length=8)

    assert field.clean("[1, 2]") == [1, 2]
    assert field.clean(12345678) == 12345678
    assert len(messages_of(field, [1, 2, 3])) == 1
    assert len(messages_of(field, 123456789)) == 1


@pytest.mark.parametrize(
    ("value", "shown"), [({"a": "ü"}, '{\n  "a": "ü"\n}'), ('{"a', '{"a'), (None, None), (0, "0")]
)
def test_a_text_area_shows_json(value: Any, shown: Any) -> None:
    assert JSONTextField().prepare_value(value) == shown


def test_a_schema_with_references_is_not_part_of_that_of_the_form() -> None:
    with_references = {"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"type": "integer"}}}

    assert JSONTextField(with_references).json_schema() == {}
    assert JSONTextField().json_schema() == {}
    assert JSONTextField(POINT).json_schema()["anyOf"][0] == POINT


def test_the_fields_accept_a_form_from_a_browser() -> None:
    body = QueryDict(mutable=True)
    body.update({"tags": "a, b", "extra": '{"x": 1}'})

    assert validated(TagsForm, body) == {"tags": ["a", "b"], "extra": {"x": 1}}


def test_the_fields_accept_a_json_body() -> None:
    assert validated(TagsForm, {"tags": ["a", "b"], "extra": {"x": 1}}) == {
        "tags": ["a", "b"],
        "extra": {"x": 1},
    }
    assert errors_of(TagsForm, {"tags": list("abcd"), "extra": [{"x": 1}]}) == {
        "tags": ["Enter at most 3 values (received 4)."],
        "extra": ["Must be of type object."],
    }


def test_fault_of_the_original_limits_of_a_comma_separated_field_were_undefined_names() -> None:
    """In 0.0.7 min_length and max_length raised a NameError when the form was declared."""
    field = CommaSeparatedCharField(True, 3, 2)  # noqa: FBT003 - in the original's order

    assert (field.max_length, field.min_length) == (3, 2)


def test_fault_of_the_original_removing_duplicates_lost_the_order() -> None:
    """In 0.0.7 the texts came out in the order of their hashes."""
    texts = [f"text {number}" for number in range(50)]

    assert CommaSeparatedCharField().clean(texts + texts) == texts


def test_fault_of_the_original_a_json_list_of_texts_crashed() -> None:
    """In 0.0.7 a list had no `split`, and the request ended with status 500."""
    assert CommaSeparatedCharField().clean(["a", "b"]) == ["a", "b"]


def test_fault_of_the_original_invalid_json_was_an_undefined_name() -> None:
    """In 0.0.7 the refusal itself raised a NameError."""
    assert len(messages_of(JSONTextField(), "{")) == 1


def test_fault_of_the_original_json_was_parsed_twice() -> None:
    """In 0.0.7 `clean` parsed what it had parsed, so each object and list crashed."""
    assert JSONTextField().clean('{"a": 1}') == {"a": 1}
    assert JSONTextField().clean('"1"') == "1"


def test_fault_of_the_original_json_that_was_parsed_already_crashed() -> None:
    """In 0.0.7 an object in a JSON body was handed to a parser of text."""
    assert JSONTextField().clean({"a": 1}) == {"a": 1}
    assert JSONTextField().clean([1]) == [1]


def test_fault_of_the_original_checking_a_schema_was_an_undefined_name() -> None:
    """In 0.0.7 a schema raised a NameError as soon as there was something to check."""
    assert PointField().clean({"x": 1}) == {"x": 1}
    assert len(messages_of(PointField(), {"x": "1"})) == 1
