"""Input declared as a Django form: how the form is created, and which values it accepts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from dj_actions.exceptions import InvalidAction
from dj_actions.inputs import FormInput, InputContext
from dj_actions.inputs.factory import adapter_for
from tests.unit.inputs.samples import accepts, errors_of, validated


class GreetForm(forms.Form):
    """Creates itself from a request, as a form of dj-actions 0.0.7 may."""

    name = forms.CharField(max_length=5)
    age = forms.IntegerField(required=False)
    born = forms.DateField(required=False)

    def __init__(self, *args: Any, view: Any, pk: Any, instance: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.made_with = (view, pk, instance)

    @staticmethod
    def get_form(view: Any, request: Any, pk: Any, instance: Any = None) -> GreetForm:
        return GreetForm(request.data, view=view, pk=pk, instance=instance)

    def clean(self) -> None:
        if self.cleaned_data.get("age") == 0:
            raise forms.ValidationError("Not yet born?")


def post(data: Any) -> Request:
    """Return a request whose body is JSON."""
    request = APIRequestFactory().post("/", data, format="json")
    return Request(request, parsers=[JSONParser()])


def greet(data: Any, **context: Any) -> Any:
    """Return what validating the body of a request gives."""
    request = post(data)
    raw: Any = request.data
    return adapter_for(GreetForm).validate(raw, InputContext(request=request, **context))


def test_a_form_may_make_itself_for_one_object() -> None:
    greeted = greet({"name": "ann"}, view="view", pk="7", objects=("seven",))

    assert greeted.bound.made_with == ("view", "7", "seven")
    assert greeted.data == {"name": "ann", "age": None, "born": None}


def test_a_form_that_makes_itself_for_many_gets_no_instance() -> None:
    assert greet({"name": "ann"}, objects=("one", "two")).bound.made_with == (None, None, None)


def test_a_form_that_makes_itself_is_read_like_any_other() -> None:
    assert greet({"name": "ann", "age": 3}).data["age"] == 3
    for wrong in ({"name": ["a"]}, {"name": "ann", "born": 7}, {"name": "ann", "born": [7]}):
        request = post(wrong)
        assert errors_of(GreetForm, request.data, request=request)


def test_without_a_request_a_form_is_made_by_its_class() -> None:
    class Simple(forms.Form):
        name = forms.CharField()

        @staticmethod
        def get_form(view: Any, request: HttpRequest, pk: Any, instance: Any = None) -> Simple:
            raise AssertionError("There is no request to make it from.")

    assert validated(Simple, {"name": "ann"}) == {"name": "ann"}


@pytest.mark.parametrize("made", [None, NotImplemented])
def test_a_get_form_that_returns_no_bound_form_is_refused(made: Any) -> None:
    class Wrong(forms.Form):
        @staticmethod
        def get_form(view: Any, request: Any, pk: Any, instance: Any = None) -> Any:
            return made

    with pytest.raises(InvalidAction, match=r"Wrong\.get_form returned .* bound"):
        adapter_for(Wrong).validate({}, InputContext(request=post({})))


def test_a_form_that_needs_a_request_can_still_be_described() -> None:
    described = adapter_for(GreetForm)

    assert [field["name"] for field in described.describe()] == ["name", "age", "born"]
    assert described.json_schema()["required"] == ["name"]
    assert 'name="born"' in described.html()


@pytest.mark.parametrize(("key", "name"), [(None, "non_field_errors"), ("__all__", "__all__")])
def test_the_key_of_non_field_errors_can_be_chosen(key: str | None, name: str) -> None:
    class Never(forms.Form):
        def clean(self) -> None:
            raise forms.ValidationError("No.")

    assert errors_of(FormInput(Never, non_field_errors_key=key), {}) == {name: ["No."]}


class Words(forms.Field):
    """A field of a project that accepts a list."""

    def to_python(self, value: Any) -> list[str]:
        return value.split() if isinstance(value, str) else [str(word) for word in value]


class LoudField(forms.CharField):
    """A field of a project that leaves parsing to Django."""

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).upper()


class ReadingForm(forms.Form):
    words = Words(required=False)
    anything = forms.Field(required=False)
    loud = LoudField(required=False)
    both = forms.ComboField(
        fields=[forms.CharField(max_length=9), forms.EmailField()], required=False
    )
    when = forms.SplitDateTimeField(required=False)
    day = forms.DateField(required=False)


@pytest.mark.parametrize("value", [["a", "b"], [], {"a": 1}, True, None, "a b", 7])
def test_a_field_without_a_reading_of_its_own_gets_the_value(value: Any) -> None:
    taken = validated(ReadingForm, {"anything": value, "words": []})["anything"]

    assert taken == ("7" if value == 7 else value)


@pytest.mark.parametrize(
    ("value", "words"), [(["a", 1], ["a", "1"]), ("a b", ["a", "b"]), ([], [])]
)
def test_a_field_that_reads_lists_itself_gets_the_list(value: Any, words: list[str]) -> None:
    assert validated(ReadingForm, {"words": value})["words"] == words


@pytest.mark.parametrize("field", ["loud", "both", "day"])
@pytest.mark.parametrize("value", [["a"], {"a": 1}, [], {}, True, False])
def test_a_value_that_django_would_convert_to_a_string_is_refused(field: str, value: Any) -> None:
    assert errors_of(ReadingForm, {"words": [], field: value}) == {field: ["Not a valid value."]}


@pytest.mark.parametrize("day", [20260501, 1.5, "soon", "2026-02-30"])
def test_an_invalid_date_is_an_error_of_its_field(day: Any) -> None:
    assert list(errors_of(ReadingForm, {"words": [], "day": day})) == ["day"]


def test_a_field_of_several_parts_takes_a_list_of_them() -> None:
    raw = {"words": [], "when": ["2026-05-01", "12:30"]}

    assert validated(ReadingForm, raw)["when"] == datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


def test_a_field_of_several_parts_takes_what_a_browser_sends() -> None:
    body = QueryDict("words=a&when_0=2026-05-01&when_1=12:30")

    assert validated(ReadingForm, body)["when"] == datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


NOT_TWO_PARTS = ["2026-05-01", 7, True, {}, {"a": 1}, [], ["2026-05-01"], ["a", "b", "c"]]


@pytest.mark.parametrize("when", [*NOT_TWO_PARTS, [["2026-05-01"], "12:30"], [True, "12:30"]])
def test_a_field_of_several_parts_ignores_nothing(when: Any) -> None:
    assert errors_of(ReadingForm, {"words": [], "when": when}) == {"when": ["Not a valid value."]}


def test_a_field_that_takes_no_file_refuses_one() -> None:
    files: Any = MultiValueDict({"loud": [SimpleUploadedFile("cat.png", b"meow")]})
    body = QueryDict("words=a", mutable=True)
    body.update(files)

    assert errors_of(ReadingForm, body) == {"loud": ["Not a valid value."]}


def test_json_in_a_text_may_be_nested_too_deeply() -> None:
    class Anything(forms.Form):
        value = forms.JSONField()

    assert accepts(Anything, {"value": "[[[]]]"})
    assert errors_of(Anything, {"value": "[" * 200_000}) == {
        "non_field_errors": ["Nested too deeply."]
    }


class Strict(json.JSONDecoder):
    """A decoder of a project's own."""

    def decode(self, text: str, *args: Any) -> Any:
        if text == '"refused"':
            raise json.JSONDecodeError("Not this.", text, 0)
        return super().decode(text, *args)


@pytest.mark.parametrize("decoder", [None, Strict])
@pytest.mark.parametrize("text", ["{}", "[{}]", '{{"a": -{}}}'])
def test_json_in_a_text_may_have_a_number_that_is_too_long(decoder: Any, text: str) -> None:
    class Anything(forms.Form):
        value = forms.JSONField(decoder=decoder)

    raw = {"value": text.format("9" * 5000)}

    assert accepts(Anything, {"value": text.format("9" * 400)})
    assert errors_of(Anything, raw) == {"value": ["Enter a valid JSON."]}
    assert errors_of(Anything, QueryDict(urlencode(raw))) == {"value": ["Enter a valid JSON."]}
    assert "9" * 5000 in adapter_for(Anything).html(raw, {"value": ["Enter a valid JSON."]})
    assert accepts(Anything, {"value": '"refused"'}) is (decoder is None)
