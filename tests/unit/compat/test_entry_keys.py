"""A registry is refused if a key would silently do nothing although it looks as if it did."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms

from dj_actions.action import Action
from dj_actions.compat.registry_entries import definitions_of
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.mixins import ActionMixin
from dj_actions.registry import registry
from dj_actions.util import enrich_actions
from example.todos.actions import MarkDone
from example.todos.models import Todo


class PokeForm(forms.Form):
    """A form that is an action."""

    def save(self, request: Any, pk: Any) -> tuple[dict[str, Any], Any]:
        """Do nothing."""
        return {}, None


def compiled(form: Any = PokeForm, **entry: Any) -> ActionDefinition:
    entry = {"id": "poke", "type": "instance", "status": "alpha", "form": form} | entry
    (definition,) = definitions_of({"resource": "thing", "actions": {"poke": entry}}, Todo)
    registry.remove(definition)
    return definition


def refusal(form: Any = PokeForm, **entry: Any) -> str:
    with pytest.raises(InvalidAction) as refused:
        compiled(form, **entry)
    return str(refused.value)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("permission_classes", "permissions"),
        ("permission", "permissions"),
        ("throttle_classes", "throttles"),
        ("throttle", "throttles"),
        ("sensitives", "sensitive"),
        ("serializer_class", "serializer"),
        ("serialiser", "serializer"),
        ("input", "form"),
        ("forms", "form"),
        ("output", "serializer"),
        ("bulk", "type"),
        ("multiple_result", "multiple_results"),
    ],
)
def test_a_key_that_would_do_nothing_is_refused_with_the_one_that_is_meant(
    key: str, meant: str
) -> None:
    said = refusal(**{key: "x"})

    assert said.startswith(f"The action 'poke' of 'thing': `{key}` is not read from a registry.")
    assert f"Did you mean `{meant}`?" in said


@pytest.mark.parametrize("key", ["partial", "max_items", "version_field"])
def test_an_attribute_of_classes_is_refused(key: str) -> None:
    assert "Declare the action as a class" in refusal(**{key: 1})


@pytest.mark.parametrize("key", ["base", "owner", "icon", "roles", "since", "color", "environment"])
def test_a_key_of_ones_own_is_shown_in_the_documentation(key: str) -> None:
    assert compiled(**{key: "x"}).documentation.raw_entry[key] == "x"


@pytest.mark.parametrize("path", ["django.forms.Form", "builtins.dict"])
def test_permissions_are_permission_classes(path: str) -> None:
    assert "is not a permission class" in refusal(permissions=[path])


@pytest.mark.parametrize("form", ["builtins.dict", "os.path.join", Todo])
def test_a_form_is_a_form(form: Any) -> None:
    assert "which is not a form class." in refusal(form)


class Unsaved(forms.Form):
    """A form without `save`."""


class SavedAlone(forms.Form):
    """A form with the `save` of a model form."""

    def save(self, commit: bool = True) -> None:  # noqa: FBT002 - as Django has it
        """Do nothing."""


class WithGetForm(PokeForm):
    """A form whose `get_form` is a method of its instances."""

    def get_form(self, view: Any, request: Any, pk: Any, instance: Any = None) -> Any:
        """Return a form."""


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (Unsaved, "`save(self, request, pk)`"),
        (SavedAlone, "`def save(self, request, pk)`"),
        (WithGetForm, "`def get_form(view, request, pk, instance=None)`"),
    ],
)
def test_a_form_has_the_methods_that_are_called(form: Any, expected: str) -> None:
    said = refusal(form)

    assert form.__qualname__ in said
    assert expected in said


@pytest.mark.parametrize(
    ("key", "meant"), [("base_path", "basepath"), ("resources", "resource"), ("action", "actions")]
)
def test_a_misspelled_key_of_a_registry_is_refused_with_the_nearest(key: str, meant: str) -> None:
    with pytest.raises(InvalidAction, match=f"'{key}' in a registry. Did you mean '{meant}'"):
        definitions_of({key: {}, "actions": {}}, Todo)


@pytest.mark.parametrize("name", ["action_registery", "actions_registry", "action_models"])
def test_a_misspelled_attribute_of_a_viewset_is_refused_with_the_nearest(name: str) -> None:
    with pytest.raises(InvalidAction, match=f"Did you mean `action_.*`, not `{name}`"):
        type("View", (ActionMixin,), {name: {}})


def test_a_registry_is_what_enrich_actions_returns() -> None:
    with pytest.raises(InvalidAction, match="what `enrich_actions` returns"):
        type("View", (ActionMixin,), {"action_model": Todo, "action_registry": [Action]})


def test_a_class_may_be_listed_by_its_path() -> None:
    enriched = enrich_actions("", {}, ["example.todos.actions.MarkDone"])

    assert enriched == enrich_actions("", {}, [MarkDone])
    assert enriched["actions"]["mark_done"]["action"] == "example.todos.actions.MarkDone"


@pytest.mark.parametrize("path", ["example.todos.actions.MarkDoen", "gone.Action", "os.path.join"])
def test_a_path_that_leads_to_no_class_is_refused(path: str) -> None:
    with pytest.raises(InvalidAction, match=f"Invalid entry '{path}' in the action list"):
        enrich_actions("", {}, [path])
