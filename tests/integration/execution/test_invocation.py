"""Actions run from code get the same context as over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User

from dj_actions.context import ActionContext
from dj_actions.execution.invocation import invoke
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.conftest import Declare
from tests.fixtures.forms import Offer

pytestmark = pytest.mark.django_db


class EditForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """Changes the object that it is made for."""

    class Meta:
        model = Todo
        fields = ["title", "owner"]

    @classmethod
    def get_form(cls, view: Any, request: Any, pk: Any, instance: Any = None) -> EditForm:
        return cls(data=request.data, instance=instance)

    def save(self, request: Any, pk: Any = None) -> Any:  # type: ignore[override]  # the contract
        return {}, super().save()


def test_a_model_form_changes_its_object_and_makes_no_other(
    offer: Offer, ann: User, todo: Todo
) -> None:
    definition = offer(EditForm)
    invoke(definition, actor=ann, object=todo, data={"title": "z", "owner": ann.pk})

    assert list(Todo.objects.values_list("pk", "title")) == [(todo.pk, "z")]


class AddressForm(forms.Form):
    """Reports where it was called."""

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], Any]:
        return {"url": request.build_absolute_uri("/x")}, Todo.objects.get(pk=pk)


def test_a_form_may_build_an_absolute_url(offer: Offer, ann: User, todo: Todo) -> None:
    result = invoke(offer(AddressForm), actor=ann, object=todo, data={})

    assert result.body["url"].endswith("/x")


class PersonalForm(forms.Form):
    """Cannot be made without a user."""

    note = forms.CharField(required=False)

    def __init__(self, user: User, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.user = user

    @classmethod
    def get_form(cls, view: Any, request: Any, pk: Any, instance: Any = None) -> PersonalForm:
        assert instance is None or str(instance.pk) == str(pk)
        return cls(request.user, request.data)

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], Todo]:
        return {"by": self.user.username, **self.cleaned_data}, Todo.objects.get(pk=pk)


def test_a_form_is_made_the_way_that_it_says(offer: Offer, ann: User, todo: Todo) -> None:
    result = invoke(offer(PersonalForm), actor=ann, object=todo, data={"note": "n"})

    assert (result.body["by"], result.body["note"]) == ("ann", "n")


def test_the_input_of_an_action_is_made_the_way_that_it_says(
    declare: Declare, ann: User, todo: Todo
) -> None:
    seen: list[Any] = []
    action = declare(lambda _, data: seen.append(data["note"]), input=PersonalForm)
    action.run(actor=ann, object=todo, data={"note": "n"})

    assert seen == ["n"]


def test_after_a_dry_run_the_object_is_as_it_is_in_the_database(ann: User, todo: Todo) -> None:
    todo.title = "not saved"
    MarkDone.run(actor=ann, object=todo, data={"note": "x"}, dry_run=True)

    assert (todo.title, todo.done, todo.note) == ("Buy milk", False, "")
    todo.save()
    assert not Todo.objects.get().done


def test_after_a_dry_run_that_fails_the_object_is_as_it_is_in_the_database(
    declare: Declare, todo: Todo
) -> None:
    def crash(context: ActionContext, _data: Any) -> None:
        context.object.done = True
        context.object.save()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        declare(crash).run(object=todo, dry_run=True)

    assert not todo.done
