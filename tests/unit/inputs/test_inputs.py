"""Validation of an action's input, for each kind of declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework import serializers

from dj_actions.exceptions import InvalidAction
from dj_actions.inputs import InputAdapter, InputContext, NoInput
from dj_actions.inputs.factory import adapter_for
from dj_actions.inputs.raw_body import require_mapping
from tests.unit.inputs.samples import errors_of, validated


class NoteSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=5, help_text="How it went.")
    stars = serializers.IntegerField(required=False)
    shown = serializers.CharField(read_only=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("stars") == 0:
            raise serializers.ValidationError("No stars at all?")
        return attrs


class NoteForm(forms.Form):
    note = forms.CharField(max_length=5, help_text="How it went.")
    stars = forms.IntegerField(required=False)

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("stars") == 0:
            raise forms.ValidationError("No stars at all?")
        return self.cleaned_data


class StructuredForm(forms.Form):
    text = forms.CharField(required=False)
    colours = forms.MultipleChoiceField(choices=[("r", "red"), ("b", "blue")], required=False)
    anything = forms.JSONField(required=False)


class UploadForm(forms.Form):
    picture = forms.FileField()


class WordsSerializer(serializers.Serializer[Any]):
    words = serializers.ListField()


@dataclass
class Data:
    """A valid declaration of an input, unlike an instance of it."""

    note: str


BOTH = pytest.mark.parametrize("declared", [NoteSerializer, NoteForm])


def test_no_input_ignores_what_was_sent() -> None:
    assert validated(None, {"note": "x"}) == {}


def test_no_input_has_no_fields() -> None:
    assert adapter_for(None).describe() == []


@BOTH
def test_what_is_valid_is_converted(declared: Any) -> None:
    assert validated(declared, {"note": " x ", "stars": "3", "other": 1}) == {
        "note": "x",
        "stars": 3,
    }


@BOTH
def test_a_form_encoded_body_is_as_good_as_json(declared: Any) -> None:
    assert validated(declared, QueryDict("note=x&stars=3")) == {"note": "x", "stars": 3}


@BOTH
def test_errors_are_lists_of_strings_by_field(declared: Any) -> None:
    errors = errors_of(declared, {"note": "too long", "stars": "many"})

    assert set(errors) == {"note", "stars"}
    assert all(
        isinstance(messages, list) and all(isinstance(message, str) for message in messages)
        for messages in errors.values()
    )


@BOTH
def test_a_missing_field_is_required(declared: Any) -> None:
    assert errors_of(declared, {}) == {"note": ["This field is required."]}


@BOTH
def test_non_field_errors_have_the_key_of_drf(declared: Any) -> None:
    assert errors_of(declared, {"note": "x", "stars": 0}) == {
        "non_field_errors": ["No stars at all?"]
    }


@BOTH
def test_fields_are_described(declared: Any) -> None:
    note, stars = adapter_for(declared).describe()

    assert note == {
        "name": "note",
        "type": "CharField",
        "required": True,
        "description": "How it went.",
    }
    assert (stars["name"], stars["required"]) == ("stars", False)


def test_a_serializer_receives_the_context() -> None:
    class Greedy(serializers.Serializer[Any]):
        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            return {**attrs, **self.context}

    assert validated(Greedy, {}, actor="ann", objects=(1, 2), view="list") == {
        "request": None,
        "view": "list",
        "actor": "ann",
        "objects": (1, 2),
    }


@pytest.mark.parametrize("value", [[], ["x"], {}, {"a": 1}])
def test_a_form_takes_no_list_or_object_for_a_text(value: Any) -> None:
    assert errors_of(NoteForm, {"note": value}) == {"note": ["Not a valid value."]}


def test_a_form_takes_lists_and_objects_for_fields_that_accept_them() -> None:
    raw = {"colours": ["r", "b"], "anything": {"deep": [1, None]}}

    assert validated(StructuredForm, raw) == {"text": "", **raw}


@pytest.mark.parametrize("colours", ["r", 7, True, {"r": 1}, ["green"], [["r"]], [None]])
def test_a_form_refuses_a_value_that_is_not_a_list_of_choices(colours: Any) -> None:
    assert list(errors_of(StructuredForm, {"colours": colours})) == ["colours"]


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("", ""), ("x", "x"), (0, "0"), (1.5, "1.5")]
)
def test_a_form_takes_a_text_or_a_number_for_a_text(value: Any, text: str) -> None:
    assert validated(StructuredForm, {"text": value})["text"] == text


@pytest.mark.parametrize("value", [True, False])
def test_a_form_takes_true_and_false_for_fields_that_accept_them(value: Any) -> None:
    class Answer(forms.Form):
        yes = forms.BooleanField(required=False)

    assert validated(Answer, {"yes": value}) == {"yes": value}
    assert errors_of(StructuredForm, {"text": value}) == {"text": ["Not a valid value."]}


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_numbers_that_json_cannot_hold_are_refused(value: float) -> None:
    assert list(errors_of(None, {"fine": 1.5, "anything": [{"a": value}]})) == ["anything"]


def test_a_form_takes_an_uploaded_file() -> None:
    picture = SimpleUploadedFile("cat.png", b"meow")
    body = QueryDict(mutable=True)
    files: Any = MultiValueDict({"picture": [picture]})
    body.update(files)  # as DRF's multipart parser hands them over

    assert validated(UploadForm, body) == {"picture": picture}


@pytest.mark.parametrize("value", ["cat.png", 7, True, ["x"], {"name": "x"}, None])
def test_a_form_takes_nothing_else_for_a_file(value: Any) -> None:
    assert list(errors_of(UploadForm, {"picture": value})) == ["picture"]


@pytest.mark.parametrize(
    ("body", "kind"), [([], "list"), ("x", "str"), (7, "int"), (True, "bool"), (None, "NoneType")]
)
@pytest.mark.parametrize("declared", [NoteSerializer, NoteForm, None])
def test_a_body_that_is_not_an_object_is_refused(declared: Any, body: Any, kind: str) -> None:
    assert errors_of(declared, body) == {
        "non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]
    }


UNSTORABLE = pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "a\udfffb"])


@UNSTORABLE
@pytest.mark.parametrize("declared", [NoteSerializer, NoteForm, None])
def test_text_that_no_database_can_store_is_refused(declared: Any, text: str) -> None:
    errors = errors_of(declared, {"note": text, "stars": 3})

    assert list(errors) == ["note"]
    assert errors["note"][0].startswith("Null characters, lone surrogates")


@UNSTORABLE
def test_unstorable_text_is_found_at_any_depth(text: str) -> None:
    for value in ([text], {"a": text}, {text: "a"}, [{"a": [{"b": ({"c": text},)}]}]):
        assert list(errors_of(None, {"fine": "x", "anything": value})) == ["anything"]


@UNSTORABLE
def test_an_unstorable_name_of_a_field_is_not_repeated(text: str) -> None:
    assert list(errors_of(None, {text: "x"})) == ["non_field_errors"]


def test_unstorable_text_is_found_among_repeated_form_fields() -> None:
    assert list(errors_of(WordsSerializer, QueryDict("words=%00&words=b"))) == ["words"]


@pytest.mark.parametrize("text", ["ünï", "\U0001f600", "\x01\x1f\x7f", "\u2028", "\ufffe", ""])
def test_all_other_text_is_taken(text: str) -> None:
    body = {"note": [{text: text}]}

    assert require_mapping(body) == body


def test_deep_nesting_is_refused() -> None:
    body: Any = {}
    for _ in range(5000):
        body = {"a": body}

    assert list(errors_of(None, {"note": body})) == ["note"]


@pytest.mark.parametrize("declared", [7, "NoteForm", NoteForm(), object, Data("x"), dict])
def test_an_unsupported_input_is_refused(declared: Any) -> None:
    with pytest.raises(InvalidAction, match="Use a rest_framework Serializer class"):
        adapter_for(declared)


def test_the_refusal_names_every_way_to_declare_an_input() -> None:
    with pytest.raises(InvalidAction) as refused:
        adapter_for(7)

    for way in ("Serializer", "Form", "dataclass", "pydantic", "JSON Schema", "InputAdapter"):
        assert way in str(refused.value)


def test_a_custom_adapter_is_used_as_it_is() -> None:
    own: InputAdapter = NoInput()

    assert adapter_for(own) is own


def test_the_bound_form_or_serializer_is_returned() -> None:
    by_form = adapter_for(NoteForm).validate({"note": "x"}, InputContext())
    by_serializer = adapter_for(NoteSerializer).validate({"note": "x"}, InputContext())

    assert isinstance(by_form.bound, NoteForm)
    assert by_form.bound.cleaned_data == by_form.data
    assert isinstance(by_serializer.bound, NoteSerializer)
    assert by_serializer.bound.validated_data == by_serializer.data


def test_a_client_cannot_send_a_hidden_field() -> None:
    class Stamped(serializers.Serializer[Any]):
        note = serializers.CharField()
        stamp = serializers.HiddenField(default="now")

    assert [field["name"] for field in adapter_for(Stamped).describe()] == ["note"]
    assert validated(Stamped, {"note": "x", "stamp": "never"}) == {"note": "x", "stamp": "now"}


def test_json_in_a_form_encoded_body_may_be_nested_too_deeply() -> None:
    class Anything(serializers.Serializer[Any]):
        value = serializers.JSONField()

    body = QueryDict(mutable=True)
    body["value"] = "[" * 200_000

    assert errors_of(Anything, body) == {"non_field_errors": ["Nested too deeply."]}
