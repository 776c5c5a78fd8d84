"""Fields that must not be stored or shown: those with a password input."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from rest_framework import serializers

from dj_actions.inputs.factory import adapter_for


class OwnPassword(forms.PasswordInput):
    """A project's own widget."""


class PinWidget(forms.MultiWidget):
    def __init__(self) -> None:
        super().__init__({"old": forms.PasswordInput, "new": forms.PasswordInput})

    def decompress(self, value: Any) -> list[Any]:
        return [value, None]


class PinField(forms.MultiValueField):
    widget = PinWidget

    def __init__(self) -> None:
        super().__init__((forms.CharField(), forms.CharField()))


class PlainForm(forms.Form):
    name = forms.CharField()


class SecretForm(PlainForm):
    password = forms.CharField(widget=forms.PasswordInput)
    own = forms.IntegerField(widget=OwnPassword)
    pins = PinField()
    by_type = forms.CharField(widget=forms.TextInput({"type": "password"}))


class NeedyForm(SecretForm):
    """Cannot be made without a user."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        super().__init__(*args, **kwargs)


class Inner(serializers.Serializer[Any]):
    code = serializers.CharField(style={"input_type": "password"})


class PlainSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()


class SecretSerializer(PlainSerializer):
    password = serializers.CharField(style={"input_type": "password"})
    inner = Inner()
    several = Inner(many=True)
    words = serializers.ListField(child=serializers.CharField(style={"input_type": "password"}))
    table = serializers.DictField(child=PlainSerializer(style={"input_type": "password"}))


@pytest.mark.parametrize("declared", [None, PlainForm, PlainSerializer, {}])
def test_fields_are_not_sensitive_unless_they_say_so(declared: Any) -> None:
    assert adapter_for(declared).sensitive_names() == frozenset()


@pytest.mark.parametrize("declared", [SecretForm, NeedyForm])
def test_a_widget_for_passwords_makes_a_field_sensitive(declared: Any) -> None:
    assert adapter_for(declared).sensitive_names() == {"password", "own", "pins", "by_type"}


def test_the_style_of_a_password_makes_a_field_sensitive_at_any_depth() -> None:
    assert adapter_for(SecretSerializer).sensitive_names() == {"password", "code", "words", "table"}
