"""Forms that create themselves and report their objects."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from rest_framework.test import APIClient

from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import MakeTodo
from tests.fixtures.calls import BULK, url_of
from tests.fixtures.forms import Offer

pytestmark = pytest.mark.django_db


class EmptyForm(forms.Form):
    """Is created without data for an empty body, and is then unbound."""

    note = forms.CharField(required=False)

    @classmethod
    def get_form(cls, view: Any, request: Any, pk: Any, instance: Any = None) -> EmptyForm:
        return cls(request.data or None)

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, self.cleaned_data


def test_a_form_without_data_is_not_a_fault_of_the_server(
    api: APIClient, offer: Offer, todo: Todo
) -> None:
    offer(EmptyForm, serializer=False)

    assert api.post(url_of(todo), {"note": "n"}, format="json").json() == {"note": "n"}
    assert api.post(url_of(todo), {}, format="json").status_code in {200, 400}


class DeletingForm(forms.Form):
    """Deletes what it finds."""

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], list[Todo]]:
        found = list(Todo.objects.all())
        for todo in found:
            todo.delete()
        return {"count": len(found)}, found

    def get_stream_message(self, instance: Todo) -> str:
        return f"deleted {instance.title}"


def test_what_a_bulk_form_has_deleted_has_no_key_to_be_recorded_by(
    api: APIClient, offer: Offer, make_todo: MakeTodo
) -> None:
    for _ in range(2):
        make_todo()
    offer(DeletingForm, bulk=True)
    response = api.post(BULK)

    assert (response.status_code, response.json()["meta"]) == (200, {"count": 2})
    event = ActionEvent.objects.get()
    assert (event.object_ids, event.summary) == ([], "deleted Buy milk and 1 more")
