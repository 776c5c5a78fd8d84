"""An input as an HTML fragment: what is shown, what is not, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from pydantic import BaseModel
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from dj_actions.fields import CommaSeparatedCharField, JSONTextField
from dj_actions.inputs import FormInput
from dj_actions.inputs.factory import adapter_for
from tests.unit.inputs.samples import errors_of, validated

EVIL = '"><script>alert(1)</script>'


class NoteForm(forms.Form):
    note = forms.CharField(max_length=9, help_text="How it went.")
    pin = forms.CharField(widget=forms.PasswordInput, required=False)
    size = forms.ChoiceField(choices=[("s", "Small"), ("l", "Large")], required=False)
    words = CommaSeparatedCharField(required=False)
    extra = JSONTextField(required=False)
    more = forms.JSONField(required=False)
    when = forms.SplitDateTimeField(required=False)


class Home(serializers.Serializer[Any]):
    city = serializers.CharField()
    key = serializers.CharField(style={"input_type": "password"}, required=False)


class NoteSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=9, help_text="How it went.")
    pin = serializers.CharField(style={"input_type": "password"}, required=False)
    due = serializers.DateTimeField(required=False)
    home = Home(required=False)
    shown = serializers.CharField(read_only=True)


class ListSerializer(serializers.Serializer[Any]):
    note = serializers.CharField()
    homes = Home(many=True)


class DeepSerializer(serializers.Serializer[Any]):
    inner = ListSerializer()


@dataclass
class Data:
    note: str


class Model(BaseModel):
    note: str


SCHEMA = {"properties": {"note": {"type": "string"}}, "required": ["note"]}
AS_TEXT = [Data, Model, SCHEMA, ListSerializer, DeepSerializer]


class Fragment(HTMLParser):
    """What a browser would make of a fragment: its controls, by name, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.values: dict[str, str] = {}
        self.text = ""
        self._inside: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        attributes = dict(attrs)
        name = attributes.get("name")
        if name:
            self.values[name] = attributes.get("value") or ""
            self._inside = name if tag == "textarea" else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.values[self._inside] += data
        else:
            self.text += data


def show(declared: Any, raw: Any = None, errors: Any = None) -> Fragment:
    return Fragment(adapter_for(declared).html(raw, errors))


def test_no_input_shows_nothing() -> None:
    assert adapter_for(None).html() == ""
    assert adapter_for(None).parse_form_data({"data": "{"}) == {}


def test_an_empty_form_has_its_fields_and_no_complaints() -> None:
    shown = show(NoteForm)

    assert set(shown.values) == {
        *("note", "pin", "size", "words", "extra", "more"),
        "when_0",
        "when_1",
    }
    assert "How it went." in shown.text
    assert "required" not in shown.text


def test_an_empty_serializer_has_its_writable_fields_and_no_complaints() -> None:
    shown = show(NoteSerializer)

    assert set(shown.values) == {"note", "pin", "due", "home.city", "home.key"}
    assert "How it went." in shown.text
    assert "required" not in shown.text


@pytest.mark.parametrize("raw", [{"note": "fine"}, QueryDict("note=fine")])
@pytest.mark.parametrize("declared", [NoteForm, NoteSerializer])
def test_what_was_filled_in_is_shown_again(declared: Any, raw: Any) -> None:
    assert show(declared, raw).values["note"] == "fine"


def test_a_form_shows_json_as_a_person_would_write_it() -> None:
    raw = {
        "words": ["a", "b"],
        "extra": {"a": 1},
        "more": [True, None],
        "when": ["2026-05-01", "12:00"],
    }
    values = show(NoteForm, raw).values

    assert values["words"] == "a, b"
    assert values["extra"].split() == ["{", '"a":', "1", "}"]
    assert values["more"].strip() == "[true, null]"
    assert (values["when_0"], values["when_1"]) == ("2026-05-01", "12:00")


@pytest.mark.parametrize("declared", [NoteForm, NoteSerializer])
def test_errors_are_shown_and_nothing_is_validated_for_them(declared: Any) -> None:
    errors = {"note": ["Too sad."], "elsewhere": ["Lost."], "non_field_errors": ["Not today."]}
    shown = show(declared, {"note": "much too long"}, errors)

    assert [text for text in ("Too sad.", "Lost.", "Not today.") if text not in shown.text] == []
    assert "at most" not in shown.text


def test_non_field_errors_are_shown_whatever_their_key() -> None:
    adapter = FormInput(NoteForm, non_field_errors_key="__all__")

    assert "Not today." in Fragment(adapter.html({}, {"__all__": ["Not today."]})).text


def test_errors_of_what_is_nested_are_shown() -> None:
    errors = errors_of(NoteSerializer, {"note": "x", "home": {}})

    assert "This field is required." in show(NoteSerializer, {"home": {}}, errors).text


@pytest.mark.parametrize("declared", [NoteForm, NoteSerializer])
def test_a_password_is_never_shown(declared: Any) -> None:
    raw = {"note": "x", "pin": "secret", "home": {"city": "Bonn", "key": "secret"}}

    assert "secret" not in adapter_for(declared).html(raw)
    assert "secret" not in adapter_for(declared).html(QueryDict("pin=secret&home.key=secret"))


def test_an_invalid_date_is_shown_with_its_error() -> None:
    raw = {"note": "x", "due": "soon"}
    shown = show(NoteSerializer, raw, errors_of(NoteSerializer, raw))

    assert "Datetime has wrong format" in shown.text


def test_json_that_is_nested_too_deeply_is_shown_with_its_error() -> None:
    raw = QueryDict(mutable=True)
    raw["more"] = "[" * 200_000

    assert "Nested too deeply." in show(NoteForm, raw, errors_of(NoteForm, raw)).text


@pytest.mark.parametrize("declared", [NoteForm, NoteSerializer, *AS_TEXT])
def test_nothing_that_was_sent_becomes_html(declared: Any) -> None:
    errors = {"note": [EVIL], EVIL: [EVIL], "inner": {EVIL: [EVIL]}}
    raw = {"note": EVIL, "words": [EVIL], "extra": {EVIL: EVIL}, EVIL: EVIL}

    shown = show(declared, raw, errors)

    assert "script" not in shown.tags
    assert EVIL in shown.text


@pytest.mark.parametrize("declared", AS_TEXT)
def test_an_input_without_form_fields_has_a_text_area_for_json(declared: Any) -> None:
    adapter = adapter_for(declared)
    shown = Fragment(adapter.html({"note": "ünï"}))

    assert list(shown.values) == ["data"]
    assert adapter.parse_form_data(shown.values) == {"note": "ünï"}
    assert adapter.parse_form_data(QueryDict("data=")) == {}
    assert adapter.parse_form_data({}) == {}


@pytest.mark.parametrize("text", ["{", "[" * 200_000, "nothing", "1" * 5000])
def test_invalid_json_is_refused_and_shown_again(text: str) -> None:
    adapter = adapter_for(SCHEMA)
    posted = QueryDict(mutable=True)
    posted["data"] = text

    with pytest.raises(ValidationError) as refused:
        adapter.parse_form_data(posted)

    detail: Any = refused.value.detail
    shown = Fragment(adapter.html(posted, detail))
    (message,) = detail["non_field_errors"]
    assert shown.values["data"].strip() == text
    assert message in shown.text


def test_the_errors_of_json_say_where_they_belong() -> None:
    errors = {"homes": {1: {"city": ["Missing."], "non_field_errors": ["Odd."]}}, "note": ["Bad."]}
    shown = show(ListSerializer, {}, errors)

    for line in ("homes.1.city: Missing.", "homes.1: Odd.", "note: Bad."):
        assert line in shown.text


@pytest.mark.parametrize("declared", [NoteForm, NoteSerializer])
def test_a_page_sends_back_what_validates(declared: Any) -> None:
    adapter = adapter_for(declared)
    posted = QueryDict("note=fine&home.city=Bonn")

    assert adapter.parse_form_data(posted) is posted
    assert validated(declared, posted)["note"] == "fine"
