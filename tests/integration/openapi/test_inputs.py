"""The document is valid and describes the input, for each kind of input."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pydantic
import pytest
from django import forms
from rest_framework import serializers

from tests.conftest import Declare, Serve
from tests.integration.openapi.conftest import resolved

REF = "#/components/schemas/"


class Priority(Enum):
    LOW = "low"
    HIGH = "high"


@dataclass
class Step:
    title: str
    after: int | None = None


@dataclass
class PlanInput:
    steps: list[Step]
    priority: Priority = Priority.LOW
    price: Decimal = Decimal(0)


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int = pydantic.Field(gt=0, lt=10)


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    friends: list[Dog] = []


class PetInput(pydantic.BaseModel):
    pet: Cat | Dog = pydantic.Field(discriminator="kind")
    place: tuple[float, float] | None = None
    mood: Literal["happy", "sad"] | None = None


class ChoiceInput(serializers.Serializer[Any]):
    mood = serializers.ChoiceField(choices=["happy", "sad"], allow_null=True, allow_blank=True)
    moods = serializers.MultipleChoiceField(choices=["happy", "sad"], required=False)


class ChoiceForm(forms.Form):
    mood = forms.ChoiceField(choices=[("happy", "Happy"), ("sad", "Sad")], required=False)
    at = forms.SplitDateTimeField(required=False)
    loud = forms.NullBooleanField()


SCHEMA = {
    "type": "object",
    "properties": {
        "size": {"type": ["integer", "string"]},
        "tags": {"type": "object", "patternProperties": {"^x": {"type": "string"}}},
        "next": {"$ref": "#/properties/size"},
    },
    "required": ["size"],
    "if": {"required": ["next"]},
    "then": {"required": ["tags"]},
}

INPUTS = [PlanInput, PetInput, ChoiceInput, ChoiceForm, SCHEMA]


@pytest.mark.parametrize("declared", INPUTS, ids=lambda entry: getattr(entry, "__name__", "schema"))
def test_every_kind_of_input_makes_a_valid_document(
    declare: Declare, serve: Serve, document_of_version: Any, declared: Any
) -> None:
    action = declare(input=declared)
    serve()
    schemas = document_of_version()["components"]["schemas"]
    fields = {field.name for field in action.definition.input.fields()}

    assert set(schemas["TodoPokeInput"]["properties"]) == fields


def test_parts_of_a_pydantic_model_become_components(
    declare: Declare, serve: Serve, document_of_version: Any
) -> None:
    declare(input=PetInput)
    serve()
    document = document_of_version()
    schemas = document["components"]["schemas"]
    dog = f"{REF}TodoPokeInputDog"

    assert schemas["TodoPokeInput"]["properties"]["pet"]["discriminator"]["mapping"]["dog"] == dog
    assert schemas["TodoPokeInputDog"]["properties"]["friends"]["items"] == {"$ref": dog}
    assert "$defs" not in schemas["TodoPokeInput"]


def test_choices_do_not_rename_those_of_the_project(
    declare: Declare, serve: Serve, document_of_version: Any
) -> None:
    class Mood(serializers.Serializer[Any]):
        mood = serializers.ChoiceField(choices=[("happy", "Glad"), ("sad", "Down")])

    class OtherMood(Mood):
        pass

    declare(input=ChoiceInput, output=Mood)
    declare(name="cheer", input=ChoiceForm, output=OtherMood)
    serve()
    document = document_of_version()
    schemas = document["components"]["schemas"]

    # The name that drf-spectacular gives to choices which are the same everywhere.
    assert schemas["Mood"]["properties"]["mood"] == {"$ref": f"{REF}MoodEnum"}
    assert schemas["OtherMood"]["properties"]["mood"] == {"$ref": f"{REF}MoodEnum"}
    own = resolved(document, schemas["TodoPokeInput"]["properties"]["mood"])
    assert own["enum"] == ["happy", "sad", "", None]
