"""Input declared as a pydantic model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from enum import Enum
from typing import Any, Literal

import pytest
from django.http import QueryDict
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    Secret,
    SecretBytes,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from dj_actions.exceptions import InvalidAction
from dj_actions.inputs import InputContext, PydanticInput
from dj_actions.inputs.factory import adapter_for
from tests.unit.inputs.samples import errors_of, validated


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str]


class Order(BaseModel):
    note: str = Field(max_length=5, description="How it went.")
    stars: int = 3
    due: date | None = None
    size: Size = Size.SMALL
    tags: list[str] = []
    number: int | list[int] = 0
    pet: Cat | Dog | None = Field(None, discriminator="kind")
    others: list[Order] = []

    @model_validator(mode="after")
    def _has_stars(self) -> Order:
        if self.stars == 0:
            raise ValueError("No stars at all?")
        return self


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(alias="fullName")


class Code(BaseModel):
    value: SecretStr | None = None


class Login(BaseModel):
    name: str
    pin: SecretStr = Field(alias="PIN")
    key: SecretBytes = Field(validation_alias=AliasChoices("apiKey", "api_key"))
    born: Secret[date]
    codes: dict[str, list[Code]] = {}
    again: list[Login] = []


def test_the_data_is_the_dump_of_an_instance() -> None:
    made = adapter_for(Order).validate(
        {"note": "fine", "due": "2026-05-01", "others": [{"note": "x"}], "more": 1},
        InputContext(),
    )

    assert isinstance(made.bound, Order)
    assert made.bound.due == date(2026, 5, 1)
    assert made.data == made.bound.model_dump()
    assert made.data["others"][0]["stars"] == 3


def test_errors_have_the_shape_of_a_serializers() -> None:
    wrong = {
        "note": "too long",
        "size": "m",
        "tags": "a",
        "others": [{"note": "x"}, {"stars": "many"}],
    }

    assert errors_of(Order, wrong) == {
        "note": ["String should have at most 5 characters"],
        "size": ["Input should be 's' or 'l'"],
        "tags": ["Input should be a valid list"],
        "others": {
            "1": {
                "note": ["This field is required."],
                "stars": ["Input should be a valid integer, unable to parse string as an integer"],
            }
        },
    }


def test_the_path_of_an_error_omits_the_branches_of_a_union() -> None:
    errors = errors_of(Order, {"note": "x", "number": "many", "pet": {"kind": "cat"}})

    assert set(errors) == {"number", "pet"}
    assert len(errors["number"]) == 2
    assert errors["pet"] == {"lives": ["This field is required."]}


def test_the_message_of_a_validator_is_used_without_a_prefix() -> None:
    assert errors_of(Order, {"note": "x", "stars": 0}) == {"non_field_errors": ["No stars at all?"]}


def test_errors_are_named_as_the_client_names_the_fields() -> None:
    assert errors_of(Strict, {"name": "ann"}) == {
        "fullName": ["This field is required."],
        "name": ["Extra inputs are not permitted"],
    }
    assert validated(Strict, {"fullName": "ann"}) == {"name": "ann"}


def test_a_model_receives_the_context() -> None:
    class Mine(BaseModel):
        owner: str

        @field_validator("owner")
        @classmethod
        def _is_actor(cls, value: str, info: ValidationInfo) -> str:
            assert info.context is not None
            if value != info.context["actor"]:
                raise ValueError("Not yours.")
            return value

    assert validated(Mine, {"owner": "ann"}, actor="ann") == {"owner": "ann"}
    assert errors_of(Mine, {"owner": "ann"}, actor="bob") == {"owner": ["Not yours."]}


def test_a_form_encoded_body_is_as_good_as_json() -> None:
    made = validated(Order, QueryDict("note=fine&stars=4&tags=a&tags=b"))

    assert (made["stars"], made["tags"]) == (4, ["a", "b"])


def test_fields_are_described_by_their_json_types() -> None:
    described = {field["name"]: field for field in adapter_for(Order).describe()}

    assert described["note"] == {
        "name": "note",
        "type": "string",
        "required": True,
        "description": "How it went.",
    }
    assert described["due"]["type"] == "string | null"
    assert described["pet"]["type"] == "object | null"
    assert described["number"]["type"] == "integer | array"
    assert described["others"]["required"] is False


def test_the_schema_is_pydantics_own() -> None:
    schema = adapter_for(Login).json_schema()

    assert schema["type"] == "object"
    assert "$schema" not in schema
    assert schema["$defs"]["Login"]["required"] == ["name", "PIN", "apiKey", "born"]
    assert [field["name"] for field in adapter_for(Login).describe()][:3] == [
        "name",
        "PIN",
        "apiKey",
    ]


def test_secrets_are_sensitive_by_each_of_their_names() -> None:
    assert adapter_for(Login).sensitive_names() == {
        *("pin", "PIN"),
        *("key", "apiKey", "api_key"),
        *("born", "value"),
    }
    assert adapter_for(Order).sensitive_names() == frozenset()


def test_a_type_without_a_schema_may_be_anything() -> None:
    class Odd(BaseModel):
        call: Callable[[], int] | None = None
        other: Any = object()

    assert adapter_for(Odd).json_schema()["properties"].keys() == {"call", "other"}


def test_a_root_model_is_refused_when_declared() -> None:
    with pytest.raises(InvalidAction, match="is a RootModel"):
        adapter_for(RootModel[list[int]])


def test_an_instance_is_no_declaration() -> None:
    with pytest.raises(InvalidAction, match="Use a rest_framework Serializer class"):
        adapter_for(Strict(fullName="ann"))


def test_equal_declarations_are_equal() -> None:
    assert PydanticInput(Order) == PydanticInput(Order) != PydanticInput(Login)


def test_pydantic_is_not_imported_unless_a_project_uses_it() -> None:
    program = (
        "import sys\n"
        "from dataclasses import dataclass\n"
        "from django.conf import settings\n"
        "settings.configure(USE_TZ=True)\n"
        "from dj_actions.inputs.factory import adapter_for\n"
        "from dj_actions.exceptions import InvalidAction\n"
        "@dataclass\n"
        "class Data:\n"
        "    note: str\n"
        "adapter_for(Data)\n"
        "try:\n"
        "    adapter_for(object)\n"
        "except InvalidAction:\n"
        "    print('pydantic' in sys.modules)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "False\n", "")
