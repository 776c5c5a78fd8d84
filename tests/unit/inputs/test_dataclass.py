"""Input declared as a dataclass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field, make_dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Optional
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import TextChoices
from django.http import QueryDict
from rest_framework import serializers

from dj_actions.exceptions import InvalidAction
from dj_actions.inputs import DataclassInput, InputContext
from dj_actions.inputs.factory import adapter_for
from tests.unit.inputs.samples import errors_of, validated


class Colour(Enum):
    RED = "r"
    BLUE = "b"


class Pair(Enum):
    """Has values that JSON has not."""

    BOTH = (1, 2)


class Size(TextChoices):
    SMALL = "s"
    LARGE = "l"


@dataclass(frozen=True)
class Address:
    city: str
    street: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    note: Annotated[str, serializers.CharField(max_length=5, help_text="How it went.")]
    stars: int = 3
    tags: list[str] = field(default_factory=list)
    colour: Colour | None = None
    home: Address | None = None
    others: list[Address] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.stars == 0:
            raise ValueError("No stars at all?")


@dataclass
class Node:
    """Contains itself."""

    next: Node | None = None


@dataclass
class Login:
    name: str
    pin: Annotated[str, serializers.CharField(style={"input_type": "password"})]


def one(hint: Any) -> type[Any]:
    """Return a dataclass with one field, `value`, of a type."""
    return make_dataclass("One", [("value", hint)])


def test_the_data_is_the_instance_as_a_dict() -> None:
    made = adapter_for(Order).validate(
        {"note": "fine", "stars": "4", "home": {"city": "Bonn"}, "colour": "b", "other": 1},
        InputContext(),
    )

    assert made.bound == Order(note="fine", stars=4, home=Address("Bonn"), colour=Colour.BLUE)
    assert made.data == {
        "note": "fine",
        "stars": 4,
        "tags": [],
        "colour": Colour.BLUE,
        "home": {"city": "Bonn", "street": ""},
        "others": [],
    }


@pytest.mark.parametrize(
    ("hint", "sent", "value"),
    [
        (str, " as it is ", " as it is "),
        (str, "", ""),
        (int, 7, 7),
        (float, 1.5, 1.5),
        (bool, False, False),
        (Decimal, "1.10", Decimal("1.10")),
        (Decimal, 2, Decimal(2)),
        (date, "2026-05-01", date(2026, 5, 1)),
        (datetime, "2026-05-01T12:00:00Z", datetime(2026, 5, 1, 12, tzinfo=UTC)),
        (time, "12:30:00", time(12, 30)),
        (timedelta, "P1DT2H", timedelta(days=1, hours=2)),
        (
            UUID,
            "6f1c0a52-8a0e-7cc1-9d54-0b9f5f0a0a01",
            UUID(int=0x6F1C0A528A0E7CC19D540B9F5F0A0A01),
        ),
        (Colour, "r", Colour.RED),
        (Size, "l", Size.LARGE),
        (Literal["a", 2], 2, 2),
        (Literal["a", None], None, None),  # noqa: PYI061 - people write it too
        (str | None, None, None),
        (Optional[int], 3, 3),  # noqa: UP045 - people still write it
        (Any, {"deep": [1, None]}, {"deep": [1, None]}),
        (Any, None, None),
        (Optional[Any], None, None),  # noqa: UP045 - people still write it
        (Literal[True, 1.5], True, True),
        (tuple[Address, ...], [{"city": "Bonn"}], ({"city": "Bonn", "street": ""},)),
        (dict[str, Address], {"a": {"city": "Bonn"}}, {"a": {"city": "Bonn", "street": ""}}),
        (list[int], [1, 2], [1, 2]),
        (list, [1, "a"], [1, "a"]),
        (tuple[int, ...], [1, 2], (1, 2)),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (dict, {"a": [1]}, {"a": [1]}),
        (list[Address], [{"city": "Bonn"}], [{"city": "Bonn", "street": ""}]),
        (dict[str, list[Colour]], {"a": ["r"]}, {"a": [Colour.RED]}),
        (Annotated[int, "years"], 3, 3),
        (Annotated[Decimal, serializers.DecimalField(4, 2)], "9.5", Decimal("9.5")),
    ],
)
def test_each_type_is_read_from_json(hint: Any, sent: Any, value: Any) -> None:
    assert validated(one(hint), {"value": sent}) == {"value": value}


@pytest.mark.parametrize(
    ("hint", "sent"),
    [
        (str, ["a"]),
        (str, True),
        (str, None),
        (int, "many"),
        (int, 1.5),
        (int, True),
        (bool, "perhaps"),
        (date, "2026-02-30"),
        (UUID, "x"),
        (Colour, "green"),
        (Literal["a"], "b"),
        (list[int], "12"),
        (list[int], [1, "x"]),
        (list[int], {"a": 1}),
        (tuple[int, ...], ["x"]),
        (dict[str, int], {"a": "x"}),
        (dict[str, int], [1]),
        (Address, {}),
        (Address, "Bonn"),
        (Address, None),
        (Annotated[str, serializers.CharField(max_length=2)], "long"),
    ],
)
def test_what_has_another_type_is_refused(hint: Any, sent: Any) -> None:
    assert list(errors_of(one(hint), {"value": sent})) == ["value"]


def test_a_field_without_a_default_is_required() -> None:
    assert errors_of(Order, {}) == {"note": ["This field is required."]}


def test_errors_of_what_is_nested_are_nested() -> None:
    wrong = {"note": "fine", "home": {}, "others": [{"city": "Bonn"}, {"city": ["x"]}]}

    assert errors_of(Order, wrong) == {
        "home": {"city": ["This field is required."]},
        "others": {"1": {"city": ["Not a valid string."]}},
    }


def test_an_error_of_the_instance_is_a_non_field_error() -> None:
    assert errors_of(Order, {"note": "x", "stars": 0}) == {"non_field_errors": ["No stars at all?"]}


def test_a_form_encoded_body_is_as_good_as_json() -> None:
    made = validated(Order, QueryDict("note=fine&stars=4&tags=a&tags=b&colour=r"))

    assert (made["stars"], made["tags"], made["colour"]) == (4, ["a", "b"], Colour.RED)


def test_fields_are_described_by_their_json_types() -> None:
    note, stars, *_ = adapter_for(Order).describe()

    assert note == {
        "name": "note",
        "type": "string",
        "required": True,
        "description": "How it went.",
    }
    assert (stars["type"], stars["required"]) == ("integer", False)


def test_an_annotation_can_make_a_field_sensitive() -> None:
    assert adapter_for(Login).sensitive_names() == {"pin"}


def test_the_default_of_the_dataclass_overrides_that_of_the_field() -> None:
    taken = one(Annotated[str, serializers.CharField(default="x", required=False)])

    assert errors_of(taken, {}) == {"value": ["This field is required."]}


@pytest.mark.parametrize(
    "hint",
    [
        object,
        bytes,
        set[str],
        int | str,
        tuple[int, str],
        dict[int, str],
        list[bytes],
        Callable[[], int],
        type(None),
        Literal[Colour.RED],
        Literal[b"a"],
        Pair,
        "Nowhere",
        "not a type",
        "Enum.Nowhere",
    ],
)
def test_an_ambiguous_type_is_refused_when_declared(hint: Any) -> None:
    with pytest.raises(InvalidAction, match="One"):
        adapter_for(one(hint))


def test_a_dataclass_that_contains_itself_is_refused_when_declared() -> None:
    with pytest.raises(InvalidAction, match="Node contains itself"):
        adapter_for(Node)


def test_an_argument_that_is_not_a_field_is_refused_when_declared() -> None:
    @dataclass
    class Salted:
        name: str
        salt: InitVar[str]

    with pytest.raises(InvalidAction, match="not fields: salt"):
        adapter_for(Salted)


def test_a_field_that_is_not_an_argument_is_not_an_input_field() -> None:
    @dataclass
    class Counted:
        words: list[str]
        count: int = field(init=False)

        def __post_init__(self) -> None:
            self.count = len(self.words)

    assert validated(Counted, {"words": ["a"], "count": 9}) == {"words": ["a"], "count": 1}
    assert [entry["name"] for entry in adapter_for(Counted).describe()] == ["words"]


def test_what_a_field_makes_is_not_copied() -> None:
    picture = SimpleUploadedFile("cat.png", b"meow")

    made = validated(one(Annotated[Any, serializers.FileField()]), {"value": picture})

    assert made["value"] is picture


def test_equal_declarations_are_equal() -> None:
    assert DataclassInput(Order) == DataclassInput(Order) != DataclassInput(Login)
