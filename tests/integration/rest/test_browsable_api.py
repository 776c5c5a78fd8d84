"""The browsable API and OPTIONS show the input of an action, as they show that of a viewset."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pydantic
import pytest
from django import forms
from django.contrib.auth.models import User
from rest_framework import serializers
from rest_framework.metadata import SimpleMetadata
from rest_framework.permissions import IsAdminUser
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.inputs.schema_serializer import serializer_from
from example.todos.models import Todo
from example.todos.serializers import TodoSerializer
from tests.conftest import ClientOf, Declare, Serve
from tests.fixtures.forms import Offer

HTML = "text/html"


class NoteInput(serializers.Serializer[Any]):
    """An input with one field."""

    remark = serializers.CharField(max_length=80, help_text="How it went.")


@dataclasses.dataclass
class NoteData:
    """The same as a dataclass."""

    remark: str


class NoteModel(pydantic.BaseModel):
    """The same as a pydantic model."""

    remark: str


class NoteForm(forms.Form):
    """The same as a form, also in the style of 0.0.7."""

    remark = forms.CharField(max_length=80)

    def save(self, request: Any, pk: Any) -> tuple[dict[str, Any], Any]:
        """Do nothing."""
        return {}, None


NOTE_SCHEMA = {"properties": {"remark": {"type": "string"}}, "required": ["remark"]}
INPUTS = [NoteInput, NoteData, NoteModel, NoteForm, NOTE_SCHEMA]


def named(page: str) -> set[str]:
    """Return the names of the fields in the HTML forms of a page, without DRF's own."""
    names = set(re.findall(r'<(?:input|textarea|select)[^>]*\sname="([^"]+)"', page))
    return {name for name in names if not name.startswith(("_", "csrf"))}


def raw_data(page: str) -> str:
    """Return the initial content of the form for raw data."""
    (content,) = re.findall(r'<textarea name="_content"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    return str(content)


def page_of(client: APIClient, url: str) -> str:
    response = client.get(url, HTTP_ACCEPT=HTML)

    assert response["Content-Type"].startswith(HTML)
    return str(response.content.decode())


def posted_fields(client: APIClient, url: str) -> dict[str, Any]:
    """Return the fields of a POST request according to OPTIONS."""
    response = client.options(url)

    assert response.status_code == 200
    fields: dict[str, Any] = response.json()["actions"]["POST"]
    return fields


@pytest.mark.parametrize("declared", INPUTS)
def test_an_action_shows_its_own_input(
    api: APIClient, todo: Todo, declare: Declare, serve: Serve, declared: Any
) -> None:
    declare(input=declared)
    serve()
    url = f"/things/{todo.pk}/actions/poke/"

    assert named(page_of(api, url)) == {"remark"}
    assert "remark" in raw_data(page_of(api, url))
    fields = posted_fields(api, url)
    assert list(fields) == ["remark"]
    assert (fields["remark"]["type"], fields["remark"]["required"]) == ("string", True)


@pytest.mark.parametrize("declared", INPUTS)
def test_a_bulk_action_shows_its_ids_as_well(
    api: APIClient, todo: Todo, declare: Declare, serve: Serve, declared: Any
) -> None:
    declare(input=declared, bulk=True)
    serve()

    fields = posted_fields(api, "/things/actions/poke/")
    assert set(fields) == {"remark", "ids"}
    assert (fields["ids"]["type"], fields["ids"]["child"]["type"]) == ("list", "integer")
    assert "ids" in raw_data(page_of(api, "/things/actions/poke/"))


def test_a_bulk_action_without_objects_shows_no_ids(
    api: APIClient, declare: Declare, serve: Serve
) -> None:
    declare(input=NoteInput, bulk=True, requires_objects=False)
    serve()

    assert list(posted_fields(api, "/things/actions/poke/")) == ["remark"]


def test_an_action_without_input_shows_no_fields(
    api: APIClient, todo: Todo, declare: Declare, serve: Serve
) -> None:
    declare()
    serve()
    url = f"/things/{todo.pk}/actions/poke/"

    page = page_of(api, url)
    assert named(page) == set()
    assert raw_data(page).strip() == "{}"
    assert 'method="POST"' in page
    assert posted_fields(api, url) == {}


@pytest.mark.parametrize("bulk", [False, True])
def test_an_action_of_a_registry_shows_its_form(
    api: APIClient, todo: Todo, offer: Offer, bulk: bool
) -> None:
    offer(NoteForm, bulk=bulk, form=f"{__name__}.NoteForm")
    url = "/things/actions/poke/" if bulk else f"/things/{todo.pk}/actions/poke/"

    assert named(page_of(api, url)) == {"remark"}
    assert list(posted_fields(api, url)) == ["remark"]


def test_an_action_that_is_not_permitted_shows_no_form(
    api: APIClient, todo: Todo, declare: Declare, serve: Serve
) -> None:
    declare(input=NoteInput, permissions=[IsAdminUser])
    serve()
    url = f"/things/{todo.pk}/actions/poke/"

    assert named(page_of(api, url)) == set()
    assert "POST" not in api.options(url).json().get("actions", {})


@pytest.mark.parametrize("path", ["{}/actions/nope/", "actions/nope/"])
def test_an_unknown_action_shows_no_form_of_the_model(
    api: APIClient, todo: Todo, serve: Serve, path: str
) -> None:
    serve()

    assert named(page_of(api, f"/things/{path.format(todo.pk)}")) == set()


def test_what_the_form_sends_runs_the_action(
    api: APIClient, todo: Todo, declare: Declare, serve: Serve
) -> None:
    seen = []

    def perform(context: ActionContext, data: dict[str, Any]) -> None:
        seen.append(data)

    declare(perform, input=NoteInput)
    serve()
    url = f"/things/{todo.pk}/actions/poke/"
    response = api.post(url, {"remark": "fine"}, format="multipart", HTTP_ACCEPT=HTML)

    assert response.status_code == 200
    assert seen == [{"remark": "fine"}]
    assert named(response.content.decode()) == {"remark"}


def test_the_viewset_itself_shows_its_own_serializer(
    api: APIClient, todo: Todo, declare: Declare, serve: Serve
) -> None:
    declare(input=NoteInput)
    serve()

    assert "title" in posted_fields(api, "/things/")
    assert "title" in named(page_of(api, f"/things/{todo.pk}/"))


def test_results_and_examples_are_still_the_viewsets(
    api: APIClient, todo: Todo, declare: Declare, serve: Serve
) -> None:
    declare(input=NoteInput)
    serve()
    url = f"/things/{todo.pk}/actions/poke/"

    assert "title" in api.post(url, {"remark": "fine"}).json()
    assert "title" in api.get(url).json()["example_response"][0]


def test_a_description_by_drf_yasg_has_input_and_result_of_its_own(
    declare: Declare, serve: Serve
) -> None:
    """It requests one serializer and uses it for both, and shares definitions by class name."""
    declare(input=NoteInput, output=TodoSerializer)
    declare(input=NoteInput, bulk=True, name="bulk_poke")
    viewset: Any = serve()
    one, many = viewset(action="poke"), viewset(action="bulk_poke")
    for view in (one, many):
        view.request = view.format_kwarg = None

    assert list(one.get_serializer().fields) == ["remark"]
    assert not hasattr(one.get_serializer(), "Meta")
    assert list(many.get_serializer().fields) == ["remark", "ids"]
    assert many.get_serializer().Meta.ref_name is None
    responses = viewset.poke._swagger_auto_schema
    assert responses["post"] == {"responses": {"200": TodoSerializer}}
    assert responses["get"] == {"responses": {"200": "The description of the action."}}


def test_the_serializer_of_a_schema_has_its_types_and_limits() -> None:
    schema = {
        "type": "object",
        "$defs": {"home": {"type": "object", "properties": {"city": {"type": "string"}}}},
        "required": ["count"],
        "properties": {
            "count": {"type": "integer", "minimum": 1, "maximum": 9, "description": "How many."},
            "price": {"type": ["number", "null"]},
            "size": {"enum": ["s", "m", None]},
            "day": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 5}},
            "home": {"$ref": "#/$defs/home"},
            "parent": {"$ref": "#"},
            "pin": {"type": "string", "format": "password"},
            "any": {},
            "either": {"type": ["string", "integer"]},
        },
    }
    fields: Any = serializer_from(schema, "Input")().fields
    info = {name: SimpleMetadata().get_field_info(field) for name, field in fields.items()}

    assert {name: entry["type"] for name, entry in info.items()} == {
        "count": "integer",
        "price": "float",
        "size": "choice",
        "day": "date",
        "tags": "list",
        "home": "nested object",
        "parent": "nested object",
        "pin": "string",
        "any": "field",
        "either": "field",
    }
    assert (info["count"]["min_value"], info["count"]["max_value"]) == (1, 9)
    assert (info["count"]["required"], info["count"]["help_text"]) == (True, "How many.")
    assert [fields[name].allow_null for name in ("price", "size", "day", "pin")] == [
        *(True, True, True, False)
    ]
    assert fields["pin"].style == {"input_type": "password"}
    assert fields["home"].fields["city"].allow_blank


class Meeting(serializers.Serializer[Any]):
    """An input with dates, for which a browser has pickers."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField(required=False, style={"input_type": "datetime-local"})


class Invitation(serializers.Serializer[Any]):
    """The same, one level down."""

    meeting = Meeting()


@pytest.mark.parametrize("declared", [Meeting, Invitation])
@pytest.mark.parametrize("value", ["2026-13-01", "next week", "9" * 300, 5, [1], {"a": 1}])
def test_a_date_that_is_invalid_is_refused_and_shown(
    api: APIClient, todo: Todo, declare: Declare, serve: Serve, declared: Any, value: Any
) -> None:
    declare(input=declared)
    serve()
    dates = {"start": value, "end": value}
    body = dates if declared is Meeting else {"meeting": dates}
    url = f"/things/{todo.pk}/actions/poke/"
    response = api.post(url, body, format="json", HTTP_ACCEPT=HTML)

    assert response.status_code == 400
    assert {name.split(".")[-1] for name in named(response.content.decode())} == {"start", "end"}


@pytest.mark.parametrize("value", ["2026-13-01", 5])
def test_a_date_that_is_invalid_is_refused_on_the_page_of_the_archive(
    client_of: ClientOf, admin: User, value: Any
) -> None:
    url = "/api/action-events/actions/archive_actions/"
    body = {"delete_before": value}
    response = client_of(admin).post(url, body, format="json", HTTP_ACCEPT=HTML)

    assert response.status_code == 400
    assert named(response.content.decode()) == {"delete_before"}


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": [[1], {"a": 1}, None]},
        {"enum": [[1, 2]]},
        {"type": "array", "items": {"enum": [{}]}},
        {"type": "object", "properties": {"x": {"enum": [[1, 2]]}}},
        {"type": "string", "format": "date-time", "default": "tomorrow"},
        {"type": "string", "format": "date-time", "default": 5},
    ],
)
def test_a_schema_is_shown_whatever_its_values_are(
    api: APIClient, todo: Todo, declare: Declare, serve: Serve, schema: dict[str, Any]
) -> None:
    declare(input={"properties": {"remark": schema}}, output=False)
    serve()
    url = f"/things/{todo.pk}/actions/poke/"

    assert "remark" in raw_data(page_of(api, url))
    fields = posted_fields(api, url)
    assert list(fields) == ["remark"]
    assert "choices" not in fields["remark"]
