"""Inputs of one field, `value`, each with values that it accepts and values that it rejects."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from django import forms
from pydantic import BaseModel, Field
from rest_framework import serializers

from dj_actions.fields import CommaSeparatedCharField, JSONTextField

HERE = str(Path(__file__).parent)
UUID = "6f1c0a52-8a0e-7cc1-9d54-0b9f5f0a0a01"


class Inner(serializers.Serializer[Any]):
    city = serializers.CharField()
    code = serializers.IntegerField(required=False, allow_null=True)


class Own(serializers.Field[Any, Any, Any, Any]):
    def to_internal_value(self, data: Any) -> Any:
        return data


class Loose(serializers.IntegerField):
    """A known field that overrides how its value is parsed."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class WithSchema(Loose):
    def json_schema(self) -> dict[str, Any]:
        return {"type": ["integer", "string"]}


class OwnForm(forms.Field):
    """A form field that accepts any value."""


class LooseForm(forms.IntegerField):
    """A known field that overrides how its value is parsed."""

    def to_python(self, value: Any) -> Any:
        return value


class OneInput(forms.MultiValueField):
    """Several parts in one HTML input."""

    widget = forms.TextInput

    def __init__(self) -> None:
        super().__init__((forms.CharField(), forms.CharField()))

    def compress(self, data_list: list[Any]) -> Any:
        return data_list


def serializer(made: Any) -> Any:
    """Return a serializer with one field, `value`."""
    return type("One", (serializers.Serializer,), {"value": made})


def form(made: Any) -> Any:
    """Return a form with one field, `value`."""
    return type("One", (forms.Form,), {"value": made})


def dataclass_of(hint: Any) -> Any:
    """Return a dataclass with one field, `value`."""
    return dataclass(type("One", (), {"__annotations__": {"value": hint}}))


def model(hint: Any, **options: Any) -> Any:
    """Return a pydantic model with one field, `value`."""
    body = {"__annotations__": {"value": hint}, "value": Field(**options), "__module__": __name__}
    return type("One", (BaseModel,), body)


MISSING = object()
"""The value of a field that is not sent."""

s, f = serializers, forms

SERIALIZERS: list[tuple[Any, list[Any], list[Any]]] = [
    (s.BooleanField(), [True, False], [None, [], "x", MISSING]),
    (s.BooleanField(allow_null=True), [None], ["x"]),
    (s.CharField(), ["a"], ["", None, True, [], {}]),
    (s.CharField(max_length=2, min_length=2), ["ab"], ["a", "abc"]),
    (s.CharField(allow_blank=True, min_length=2), ["", "ab"], ["a"]),
    (s.CharField(allow_null=True, required=False), [None, MISSING], [[], ""]),
    (s.CharField(default="x"), ["a", MISSING], [None]),
    (s.EmailField(), ["a@example.org"], [7, None]),
    (s.EmailField(allow_blank=True), [""], [None]),
    (s.RegexField(r"^[a-c]+\Z"), ["abc"], ["d", "", None]),
    (s.SlugField(), ["a-b_1"], ["a b", "ä"]),
    (s.URLField(), ["https://example.org/"], [None, []]),
    (s.UUIDField(), [UUID], [None, [], {}]),
    (s.IPAddressField(), ["127.0.0.1", "::1"], [7, ""]),
    (s.IPAddressField(protocol="ipv4"), ["127.0.0.1"], ["", []]),
    (s.IntegerField(), [1, -1, 0], ["x", 1.5, None, True, []]),
    (s.IntegerField(min_value=1, max_value=3), [1, 3], [0, 4]),
    (s.FloatField(max_value=1.5), [1, 1.5], [2, "x", None]),
    (s.DecimalField(5, 2, min_value=1), [1.5, "1.50", 2], [0, [], None]),
    (s.DateTimeField(), ["2026-05-01T12:00:00Z"], [7, None, []]),
    (s.DateTimeField(input_formats=["%d.%m.%Y"]), ["1.5.2026"], [7]),
    (s.DateField(), ["2026-05-01"], [7, None, []]),
    (s.TimeField(), ["12:00:00"], [7, None, []]),
    (s.DurationField(), ["P1DT2H"], [None, [], True]),
    (s.ChoiceField(["a", 1]), ["a", 1], ["b", 2, None, ""]),
    (s.ChoiceField([("g", [("a", "A"), ("b", "B")])]), ["a", "b"], ["g"]),
    (s.ChoiceField(["a"], allow_blank=True, allow_null=True), ["a", "", None], ["b"]),
    (s.FileField(), [], [7, None, {}]),
    (s.ListField(child=s.IntegerField(), max_length=2), [[], [1]], [1, ["x"], [1, 2, 3], {}]),
    (s.ListField(allow_empty=False), [[1, "a", None]], [[], "a"]),
    (s.DictField(child=s.IntegerField()), [{}, {"a": 1}], [{"a": "x"}, [], None]),
    (s.DictField(allow_empty=False), [{"a": [1]}], [{}]),
    (s.HStoreField(), [{"a": "b", "c": None}], [{"a": []}, 7]),
    (s.JSONField(), [1, "a", {}, [None]], [MISSING]),
    (s.JSONField(binary=True), ['{"a": 1}'], [7, {}]),
    (Inner(), [{"city": "a"}, {"city": "a", "code": None}], [{}, {"city": []}, None, []]),
    (Inner(many=True), [[], [{"city": "a"}]], [{}, [{}], None]),
    (Inner(many=True, allow_empty=False), [[{"city": "a"}]], [[]]),
    (
        s.ListSerializer(child=Inner(), min_length=1, max_length=1),
        [[{"city": "a"}]],
        [[], [{"city": "a"}] * 2],
    ),
    (Inner(allow_null=True, required=False), [None, MISSING, {"city": "a"}], [{}]),
    (Own(), [1, "a", [{}]], [MISSING]),
    (Loose(), [1, "a", [{}]], [MISSING]),
]

FORGIVING: list[tuple[Any, list[Any], list[Any]]] = [
    # DRF takes the keys of an object for choices.
    (s.MultipleChoiceField(choices=["a", "b"]), [["a"], []], ["a", ["c"], None]),
    (s.MultipleChoiceField(choices=["a"], allow_empty=False), [["a"]], [[]]),
    # The schema of a field itself takes precedence.
    (WithSchema(), [1, "a"], [MISSING]),
]
"""Serializer fields that accept more than their schema."""

FORMS: list[tuple[Any, list[Any], list[Any]]] = [
    (f.BooleanField(), [True], [False, None, MISSING]),
    (f.BooleanField(required=False), [True, False, None, MISSING], []),
    (f.NullBooleanField(), [True, False, None, MISSING], []),
    (f.CharField(), ["a"], ["", None, True, [], {}, MISSING]),
    (f.CharField(max_length=2, min_length=2, required=False), ["ab", "", None], ["a", "abc", []]),
    (f.EmailField(), ["a@example.org"], ["", None, {}]),
    (f.EmailField(required=False), ["a@example.org", "", None, MISSING], [[]]),
    (f.RegexField(r"^[a-c]+\Z"), ["abc"], ["d", "", None]),
    (f.SlugField(required=False), ["a-b_1", "", None], ["a b", "ä", []]),
    (f.URLField(assume_scheme="https"), ["https://example.org/"], ["", None, []]),
    (f.UUIDField(), [UUID], ["", None, []]),
    (f.GenericIPAddressField(), ["127.0.0.1", "::1"], ["", []]),
    (f.GenericIPAddressField(protocol="ipv6"), ["::1"], ["", []]),
    (f.IntegerField(min_value=1, max_value=3), [1, 3], [0, 4, 1.5, "x", None, []]),
    (f.IntegerField(required=False), [1, None, MISSING], [1.5, "x"]),
    (f.FloatField(max_value=1.5), [1, 1.5], [2, "x", None]),
    (f.DecimalField(min_value=1, max_digits=3), [1.5, "1.5", 2], [0, [], None]),
    (f.DateTimeField(), ["2026-05-01T12:00:00Z"], [7, None, []]),
    (f.DateField(), ["2026-05-01"], [7, None, []]),
    (f.DateField(input_formats=["%d.%m.%Y"]), ["1.5.2026"], [7]),
    (f.TimeField(), ["12:00:00"], [None, []]),
    (f.DurationField(), ["P1DT2H"], [None, [], True]),
    (f.ChoiceField(choices=[("a", "A"), (1, "1")]), ["a", 1], ["b", 2, None, ""]),
    (f.ChoiceField(choices=[("g", [("a", "A")])], required=False), ["a", None, ""], ["g", "b"]),
    (f.ChoiceField(choices=[(True, "Yes"), (False, "No")]), [True, False], ["x", None]),
    (f.TypedChoiceField(choices=[(1, "1")], coerce=int), [1], [2, None]),
    (f.MultipleChoiceField(choices=[("a", "A")]), [["a"]], ["a", ["c"], None, []]),
    (f.MultipleChoiceField(choices=[("a", "A")], required=False), [["a"], [], None], [["c"]]),
    (f.FilePathField(HERE, match=r"^schema_cases\.py$"), [__file__], ["/etc/passwd", None]),
    (f.FileField(), [], [7, None, {}]),
    (f.JSONField(), [1, {"a": 1}, [None]], [MISSING]),
    (f.JSONField(required=False), [1, {"a": 1}, None, MISSING], []),
    (f.SplitDateTimeField(), [["2026-05-01", "12:00"]], ["x", [], ["2026-05-01"], [[], "x"]]),
    (f.SplitDateTimeField(required=False), [None, ["2026-05-01", "12:00"]], [{}, ["x"] * 3]),
    (f.ComboField(fields=[f.CharField(max_length=2), f.SlugField()]), ["ab"], ["abc", "a b", []]),
    (f.ComboField(fields=[f.SlugField()], required=False), ["a-b", None], ["a b", []]),
    (OneInput(), [["a", "b"]], [MISSING]),
    (OwnForm(), [1, "a", [1], {"a": 1}], [MISSING]),
    (LooseForm(), [1, "a", [1], {"a": 1}], [MISSING]),
    (CommaSeparatedCharField(max_length=2), [["a"], "a, b"], [[], {}, [1], ["a", "b", "c"]]),
    (CommaSeparatedCharField(required=False, min_length=2), [["a", "b"], [], None, ""], [[[]]]),
    (JSONTextField(), [{"a": 1}, "[1]"], [MISSING]),
    (JSONTextField({"type": "object"}), [{"a": 1}, '{"a": 1}'], [[1], None]),
    (JSONTextField({"type": "object"}, required=False), [{"a": 1}, None, ""], [[1]]),
]


class Shade(Enum):
    DARK = 1
    LIGHT = 2


@dataclass
class Point:
    x: int
    y: int = 0
    z: list[int] = field(default_factory=list)


DATACLASSES: list[tuple[Any, list[Any], list[Any]]] = [
    (str, ["", "a"], [None, [], True]),
    (int, [1], ["x", None, 1.5]),
    (bool | None, [True, None], ["x", []]),
    (Shade, [1, 2], [3, "DARK"]),
    (list[Point], [[], [{"x": 1}]], [[{}], {}, [{"x": []}]]),
    (dict[str, float], [{}, {"a": 1.5}], [{"a": "x"}, []]),
]

MODELS: list[tuple[Any, list[Any], list[Any]]] = [
    (str, ["", "a"], [None, [], 7]),
    (int, [1], ["x", None, 1.5]),
    (bool | None, [True, None], ["x", []]),
    (Shade, [1, 2], [3, "DARK"]),
    (list[Point], [[], [{"x": 1}]], [[{}], {}, [{"x": []}]]),
    (dict[str, float], [{}, {"a": 1.5}], [{"a": "x"}, []]),
]
