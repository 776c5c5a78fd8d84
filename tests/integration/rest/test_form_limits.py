"""A form with more fields or bytes than Django accepts is refused like any other bad body."""

from __future__ import annotations

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from dj_actions.models import ActionEvent

pytestmark = pytest.mark.django_db

URL = "/todos/actions/bulk_mark_done/"


@pytest.mark.parametrize("accept", ["application/json", "application/problem+json"])
@pytest.mark.parametrize("body", ["multipart", "urlencoded"])
def test_a_form_with_too_many_fields_is_a_bad_request(
    api: APIClient, settings: Settings, body: str, accept: str
) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    if body == "multipart":
        response = api.post(URL, {"ids": [1, 2, 3, 4]}, format="multipart", HTTP_ACCEPT=accept)
    else:
        response = api.post(
            URL,
            "ids=1&ids=2&ids=3&ids=4",
            content_type="application/x-www-form-urlencoded",
            HTTP_ACCEPT=accept,
        )

    assert (response.status_code, response["Content-Type"]) == (400, accept)
    assert ActionEvent.objects.get().status_code == 400


def test_a_form_with_too_many_bytes_is_too_large(api: APIClient, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    response = api.post(URL, {"ids": [1], "note": "x" * 100}, format="multipart")

    assert (response.status_code, response["Content-Type"]) == (413, "application/json")
    assert not ActionEvent.objects.exists()
