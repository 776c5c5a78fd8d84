"""The JSON Schema of an input agrees with what the input accepts."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.utils.translation import gettext_lazy as _
from jsonschema import Draft202012Validator
from rest_framework import serializers

from dj_actions.inputs import InputAdapter
from dj_actions.inputs.factory import adapter_for
from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.unit.inputs.samples import accepts
from tests.unit.inputs.schema_cases import (
    DATACLASSES,
    FORGIVING,
    FORMS,
    MISSING,
    MODELS,
    SERIALIZERS,
    Shade,
    dataclass_of,
    form,
    model,
    serializer,
)

EXACT = [
    *((serializer(made), good, bad) for made, good, bad in SERIALIZERS),
    *((form(made), good, bad) for made, good, bad in FORMS),
    *((dataclass_of(hint), good, bad) for hint, good, bad in DATACLASSES),
    *((model(hint), good, bad) for hint, good, bad in MODELS),
]
CASES = [*EXACT, *((serializer(made), good, bad) for made, good, bad in FORGIVING)]
IDS = [
    *(f"serializer-{type(case[0]).__name__}" for case in SERIALIZERS),
    *(f"form-{type(case[0]).__name__}" for case in FORMS),
    *(f"dataclass-{case[0]}" for case in DATACLASSES),
    *(f"model-{case[0]}" for case in MODELS),
    *(f"forgiving-{type(case[0]).__name__}" for case in FORGIVING),
]
EACH_CASE = pytest.mark.parametrize(("declared", "good", "bad"), CASES, ids=IDS)

NEVER_FORGIVEN: list[Any] = [None, [], {}, [1], [None], [[]], {"a": [True]}, {"a": None}]
"""Values that no field converts, unlike a number written as a string."""


def allows(declared: Any, raw: Any) -> bool:
    """Return whether the schema of an input allows a body."""
    return Draft202012Validator(adapter_for(declared).json_schema()).is_valid(raw)


def bodies(values: list[Any]) -> list[Any]:
    """Return a body for each value of the one field."""
    return [{} if value is MISSING else {"value": value} for value in values]


def schema_of(declared: Any) -> Any:
    """Return the schema of the one field."""
    return adapter_for(declared).json_schema()["properties"]["value"]


@EACH_CASE
def test_a_schema_is_valid_json(declared: Any, good: Any, bad: Any) -> None:
    schema = adapter_for(declared).json_schema()

    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert "$schema" not in schema
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema


@EACH_CASE
def test_what_an_input_takes_its_schema_allows(declared: Any, good: Any, bad: Any) -> None:
    assert [raw for raw in bodies(good) if not accepts(declared, raw)] == []
    assert [raw for raw in bodies(good) if not allows(declared, raw)] == []


@EACH_CASE
def test_what_a_schema_refuses_its_input_refuses(declared: Any, good: Any, bad: Any) -> None:
    assert [raw for raw in bodies(bad) if accepts(declared, raw)] == []
    assert [raw for raw in bodies(bad) if allows(declared, raw)] == []


@pytest.mark.parametrize("value", [*NEVER_FORGIVEN, pytest.param(MISSING, id="missing")], ids=repr)
def test_no_other_value_is_taken_against_the_schema(value: Any) -> None:
    (raw,) = bodies([value])

    assert [
        case_id
        for case_id, (declared, _, _) in zip(IDS, EXACT, strict=False)
        if accepts(declared, raw) and not allows(declared, raw)
    ] == []


def test_no_input_allows_anything() -> None:
    assert adapter_for(None).json_schema() == {"type": "object", "properties": {}}


def test_help_texts_and_defaults_are_in_the_schema() -> None:
    by_serializer = serializers.IntegerField(default=3, help_text="How many.")
    by_form = forms.CharField(help_text="How it went.", max_length=5)

    assert schema_of(serializer(by_serializer)) == {
        "type": "integer",
        "description": "How many.",
        "default": 3,
    }
    assert schema_of(form(by_form)) == {
        "type": "string",
        "minLength": 1,
        "maxLength": 5,
        "description": "How it went.",
    }


@pytest.mark.parametrize(
    ("default", "shown"),
    [
        (None, None),
        ([1, {"a": (True,)}], [1, {"a": [True]}]),
        (Shade.DARK, 1),
    ],
)
def test_a_default_is_shown_as_json_has_it(default: Any, shown: Any) -> None:
    made = serializers.JSONField(default=default)

    assert schema_of(serializer(made)) == {"default": shown}


@pytest.mark.parametrize("default", [list, date(2026, 5, 1), float("inf"), {1: 2}, [object()]])
def test_a_default_that_json_cannot_represent_is_left_out(default: Any) -> None:
    assert schema_of(serializer(serializers.JSONField(default=default))) == {}


def test_choices_are_shown_as_json_has_them() -> None:
    choices = [(Decimal(1), "1"), (Decimal("1.5"), "1.5"), (Shade.LIGHT, "2"), (_("day"), "day")]

    for made in (
        serializer(serializers.ChoiceField(choices)),
        form(forms.ChoiceField(choices=choices)),
    ):
        assert schema_of(made) == {"enum": [1, 1.5, 2, "day"]}


def test_what_a_client_cannot_send_is_left_out() -> None:
    class Some(serializers.Serializer[Any]):
        value = serializers.CharField()
        shown = serializers.CharField(read_only=True)
        stamp = serializers.HiddenField(default="now")
        made = serializers.SerializerMethodField()

    class SomeForm(forms.Form):
        value = forms.CharField()
        shown = forms.CharField(disabled=True)

    for declared in (Some, SomeForm):
        schema = adapter_for(declared).json_schema()
        assert (list(schema["properties"]), schema["required"]) == (["value"], ["value"])


@pytest.mark.parametrize(
    ("made", "schema"),
    [
        (serializers.PrimaryKeyRelatedField(queryset=Todo.objects), {"type": "integer"}),
        (
            serializers.PrimaryKeyRelatedField(queryset=ActionEvent.objects),
            {"type": "string", "format": "uuid", "minLength": 1},
        ),
        (
            serializers.PrimaryKeyRelatedField(
                queryset=Todo.objects, pk_field=serializers.CharField(max_length=9)
            ),
            {"type": "string", "minLength": 1, "maxLength": 9},
        ),
        (
            serializers.PrimaryKeyRelatedField(queryset=Todo.objects, many=True, allow_empty=False),
            {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        ),
        (
            serializers.SlugRelatedField("username", queryset=User.objects),
            {"type": "string", "minLength": 1},
        ),
        (
            serializers.SlugRelatedField("username", queryset=User.objects, allow_null=True),
            {"type": ["string", "null"]},
        ),
        (
            serializers.SlugRelatedField("username", queryset=User.objects, many=True),
            {"type": "array", "items": {"type": "string", "minLength": 1}},
        ),
        (serializers.SlugRelatedField("owner", queryset=Todo.objects), {"type": "integer"}),
        (serializers.SlugRelatedField("owner__username", queryset=Todo.objects), {}),
        (
            serializers.HyperlinkedRelatedField("todo-detail", queryset=Todo.objects),
            {"type": "string", "format": "uri-reference", "minLength": 1},
        ),
    ],
)
def test_a_related_object_is_named_by_its_key(made: Any, schema: Any) -> None:
    assert schema_of(serializer(made)) == schema


@pytest.mark.parametrize(
    ("made", "schema"),
    [
        (forms.ModelChoiceField(Todo.objects), {"type": "integer"}),
        (
            forms.ModelChoiceField(ActionEvent.objects, required=False),
            {"anyOf": [{"type": "string", "format": "uuid"}, {"const": ""}, {"type": "null"}]},
        ),
        (
            forms.ModelChoiceField(User.objects, to_field_name="username"),
            {"type": "string", "minLength": 1},
        ),
        (forms.ModelChoiceField(User.objects, to_field_name="is_staff"), {}),
        (forms.ModelChoiceField(User.objects, to_field_name="pk"), {}),
        (
            forms.ModelMultipleChoiceField(Todo.objects),
            {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        ),
    ],
)
def test_a_form_names_a_related_object_by_its_key(made: Any, schema: Any) -> None:
    # In a unit test a query fails: no choices are fetched for it.
    assert schema_of(form(made)) == schema


@pytest.mark.parametrize(
    "validator",
    [
        RegexValidator("^a", inverse_match=True),
        RegexValidator("(?i)^a"),
        RegexValidator(r"\Aa"),
        RegexValidator(r"^\w+$"),
        MaxLengthValidator(lambda: "many"),
        MaxValueValidator(7),
        print,
    ],
)
def test_a_limit_that_a_schema_cannot_tell_is_left_out(validator: Any) -> None:
    plain = {"type": "string", "minLength": 1}

    assert schema_of(serializer(serializers.CharField(validators=[validator]))) == plain
    assert schema_of(form(forms.CharField(validators=[validator]))) == plain


@pytest.mark.parametrize("limit", [float("inf"), True, None])
def test_a_limit_that_is_no_number_is_left_out(limit: Any) -> None:
    made = serializers.IntegerField(validators=[MinValueValidator(limit)])

    assert schema_of(serializer(made)) == {"type": "integer"}


def test_an_adapter_of_ones_own_needs_no_more_than_the_contract() -> None:
    assert InputAdapter.__abstractmethods__ == {"validate", "fields", "json_schema"}
