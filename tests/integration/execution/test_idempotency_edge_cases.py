"""Which requests count as the same, and whose key it is."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings
from rest_framework.exceptions import APIException
from rest_framework.test import APIClient

from dj_actions.action import Action
from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import Declare, Serve
from tests.fixtures.calls import url_of

pytestmark = pytest.mark.django_db

KEYED = {"Idempotency-Key": "k"}


class FileForm(forms.Form):
    """Takes a file."""

    file = forms.FileField()


def test_files_of_the_same_name_and_size_differ_by_their_content(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    seen: list[bytes] = []
    declare(lambda _, data: seen.append(data["file"].read()), input=FileForm)
    serve()

    def upload(content: bytes) -> int:
        body = {"file": SimpleUploadedFile("order.txt", content)}
        return api.post(url_of(todo), body, format="multipart", headers=KEYED).status_code

    assert [upload(b"pay 100"), upload(b"pay 999"), upload(b"pay 100")] == [200, 422, 200]
    assert seen == [b"pay 100"]


def test_another_query_is_another_request(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare()
    serve()
    queries = ("?amount=1", "?amount=2", "", "?amount=1")

    statuses = [api.post(url_of(todo) + query, headers=KEYED).status_code for query in queries]
    assert statuses == [200, 422, 422, 200]


def test_a_format_suffix_is_the_same_request(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare()
    serve()
    api.post(url_of(todo), headers=KEYED)
    again = api.post(url_of(todo).removesuffix("/") + ".json", headers=KEYED)

    assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (200, "true")


def test_a_request_is_known_again_after_the_secret_key_was_rotated(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, settings: Settings
) -> None:
    declare()
    serve()
    api.post(url_of(todo), headers=KEYED)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    assert api.post(url_of(todo), headers=KEYED)["Idempotent-Replayed"] == "true"
    assert api.post(url_of(todo), {"a": 1}, format="json", headers=KEYED).status_code == 422


def test_a_run_within_the_run_of_the_same_key_is_refused_as_running(
    declare: Declare, todo: Todo
) -> None:
    def perform(context: ActionContext, _data: Any) -> None:
        actions[0].run(object=context.object, idempotency_key="k")

    actions: list[type[Action]] = []
    actions.append(declare(perform))
    with pytest.raises(APIException) as refused:
        actions[0].run(object=todo, idempotency_key="k")

    assert refused.value.status_code == 409
    assert not ActionEvent.objects.succeeded().exists()
