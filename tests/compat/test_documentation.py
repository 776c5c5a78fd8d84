"""What `definition.yaml` says is shown, and followed."""

from __future__ import annotations

import copy
from types import ModuleType
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework import serializers
from rest_framework.routers import DefaultRouter
from rest_framework.test import APIClient

from dj_actions.exceptions import InvalidAction
from dj_actions.models import ActionEvent, Delivery
from tests.compat.accounts.actions.action_registry import ACTIONS
from tests.compat.accounts.serializers import AccountSerializer
from tests.compat.accounts.views import AccountViewSet
from tests.compat.calls import ANN
from tests.compat.conftest import Offer
from tests.conftest import ClientOf, Serve

pytestmark = pytest.mark.django_db
accounts_urls = pytest.mark.urls("tests.compat.urls")

ACTION_URLS = [
    f"/accounts/{ANN}/actions/{name}/"
    if entry["type"] == "instance"
    else f"/accounts/actions/{name}/"
    for name, entry in ACTIONS["actions"].items()
]


class NoteForm(forms.Form):
    """Answers with what it was sent."""

    note = forms.CharField(help_text="What to <b>remember</b>.", label="Remember")
    when = forms.DateField(required=False)
    colour = forms.ChoiceField(choices=[("r", "red")], required=False)

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, self.cleaned_data


class NoteSerializer(serializers.Serializer[Any]):
    """A note."""

    note = serializers.CharField(initial="nothing yet")


WRITTEN: dict[str, Any] = {
    "title": "Leave a note",
    "version": 4,
    "is_live": False,
    "description": "So that nobody forgets.",
    "serializer": f"{__name__}.NoteSerializer",
    "multiple_results": False,
    "capabilities": ["notes.add"],
    "tags": ["notes", "people"],
    "example_payload": {"note": "milk"},
    "examples": [{"name": "Shopping", "description": "The usual", "payload": {"note": "milk"}}],
    "commands": [{"name": "Test the action", "command": "python manage.py test notes"}],
    "owner": {"team": "people"},
}


def docs(client: APIClient, url: str) -> dict[str, Any]:
    """Return what an action's own page says."""
    response = client.get(url)
    assert response.status_code == 200
    shown: dict[str, Any] = response.json()
    return shown


def listed(client: APIClient) -> dict[str, Any]:
    """Return what the list of `/things/` says about its one action."""
    body = client.get("/things/actions/list/").json()
    (shown,) = body["instance_actions"] + body["bulk_actions"]
    return dict(shown)


@pytest.mark.parametrize("key", sorted(WRITTEN))
@pytest.mark.parametrize("page", ["docs", "list"])
def test_each_key_is_shown(client: APIClient, offer: Offer, page: str, key: str) -> None:
    url = offer(NoteForm, **WRITTEN)
    shown = docs(client, url) if page == "docs" else listed(client)

    assert shown[key] == WRITTEN[key]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2.1),
        ("version", "2.1-rc1"),
        ("version", "2026-05"),
        ("capabilities", {"roles": ["admin"], "audited": True}),
        ("capabilities", "admin"),
        ("tags", "notes"),
        ("tags", [1, 2]),
        ("examples", {"shopping": {"payload": {"note": "milk"}}}),
        ("commands", "python manage.py test notes"),
        ("commands", {"test": "python manage.py test notes"}),
        ("example_payload", ["milk", {"amount": 2}]),
        ("serializer", False),
        ("description", ""),
        ("is_live", True),
    ],
)
def test_a_key_is_shown_as_it_is_written(
    client: APIClient, offer: Offer, key: str, value: Any
) -> None:
    url = offer(NoteForm, **{key: value})

    assert docs(client, url)[key] == value


def test_a_version_that_is_no_number_is_recorded_by_its_first_one(
    client: APIClient, offer: Offer
) -> None:
    client.post(offer(NoteForm, serializer=False, version="2.1"), {"note": "milk"})

    assert ActionEvent.objects.get().version == 2


def test_the_fields_are_those_of_the_form(client: APIClient, offer: Offer) -> None:
    assert docs(client, offer(NoteForm))["fields"] == [
        {
            "name": "note",
            "required": True,
            "description": "What to <b>remember</b>.",
            "type": "CharField",
        },
        {"name": "when", "required": False, "description": "", "type": "DateField"},
        {"name": "colour", "required": False, "description": "", "type": "ChoiceField"},
    ]


@pytest.mark.parametrize(
    ("definition", "example"),
    [
        ({}, [AccountSerializer().data]),
        ({"serializer": None}, [AccountSerializer().data]),
        ({"serializer": f"{__name__}.NoteSerializer"}, [{"note": "nothing yet"}]),
        ({"serializer": False}, []),
    ],
)
def test_the_example_response_is_that_of_the_serializer(
    client: APIClient, offer: Offer, definition: dict[str, Any], example: list[Any]
) -> None:
    assert docs(client, offer(NoteForm, **definition))["example_response"] == example


def test_the_serializer_decides_about_the_answer(client: APIClient, offer: Offer) -> None:
    url = offer(NoteForm, serializer=f"{__name__}.NoteSerializer")
    payload = {"note": "milk", "when": "2026-05-01"}

    assert client.post(url, payload).json() == {"note": "milk"}


def test_without_a_serializer_the_answer_is_plain_json(client: APIClient, offer: Offer) -> None:
    payload = {"note": "milk", "when": "2026-05-01"}

    assert client.post(offer(NoteForm, serializer=False), payload).json() == {
        **payload,
        "colour": "",
    }


# Keys that are new


def test_a_definition_may_ask_permissions(client: APIClient, offer: Offer) -> None:
    url = offer(NoteForm, permissions=["rest_framework.permissions.IsAdminUser"])

    assert client.post(url, {"note": "milk"}).status_code == 403


def test_a_definition_may_limit_the_rate(client: APIClient, offer: Offer) -> None:
    url = offer(NoteForm, serializer=False, throttles=["1/day"])
    cache.clear()

    assert [client.post(url, {"note": "milk"}).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("publish", [[], ["memory"]])
def test_a_definition_may_name_its_publishers(
    client: APIClient, offer: Offer, publish: list[str]
) -> None:
    client.post(offer(NoteForm, serializer=False, publish=publish), {"note": "milk"})

    assert [delivery.publisher for delivery in Delivery.objects.all()] == publish


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("permissions", "rest_framework.permissions.IsAuthenticated"),
        ("throttles", "10/min"),
        ("publish", "memory"),
        ("sensitive", "note"),
    ],
)
def test_one_string_in_place_of_several_is_reported(offer: Offer, key: str, text: str) -> None:
    definition: dict[str, Any] = {key: text}
    with pytest.raises(InvalidAction, match=f"{key} is a string. Did you mean .*{text}"):
        offer(NoteForm, **definition)


@pytest.mark.parametrize("key", ["form", "serializer"])
def test_a_path_that_cannot_be_imported_is_reported(offer: Offer, key: str) -> None:
    definition: dict[str, Any] = {key: "nowhere.Thing"}
    with pytest.raises(InvalidAction, match=r"'poke' of 'thing'.*'nowhere\.Thing' cannot be"):
        offer(NoteForm, **definition)


# A GET changes nothing


@accounts_urls
@pytest.mark.parametrize("method", ["get", "head", "options"])
@pytest.mark.parametrize("url", [*ACTION_URLS, "/accounts/actions/list/"])
def test_reading_changes_neither_the_registry_nor_the_database(
    client: APIClient, url: str, method: str
) -> None:
    before = copy.deepcopy(ACTIONS)
    people = list(User.objects.values())

    with CaptureQueriesContext(connection) as queries:
        answers = [getattr(client, method)(url) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert before == ACTIONS
    assert AccountViewSet.action_registry is ACTIONS
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
    assert (ActionEvent.objects.count(), list(User.objects.values())) == (0, people)


@accounts_urls
def test_calling_changes_the_registry_neither(client: APIClient) -> None:
    before = copy.deepcopy(ACTIONS)
    client.post(f"/accounts/{ANN}/actions/deactivate/", {"reason": "left"})

    assert before == ACTIONS


@accounts_urls
def test_the_docs_of_one_object_are_not_those_of_the_next(client: APIClient) -> None:
    client.get(f"/accounts/{ANN}/actions/rename/")
    listed = client.get("/accounts/actions/list/").json()["instance_actions"]

    assert docs(client, "/accounts/102/actions/rename/")["url"] == "/accounts/102/actions/rename/"
    assert [entry for entry in listed if str(ANN) in entry["url"]] == []


# The list


def test_the_list_shows_what_the_registry_has(
    caller: User, client_of: ClientOf, serve: Serve
) -> None:
    registry = {"resource": "people", "basepath": "/people/", "owner": "x", "actions": {}}
    serve(queryset=User.objects.all(), action_registry=registry)

    assert client_of(caller).get("/things/actions/list/").json() == {
        "resource": "people",
        "basepath": "/people/",
        "owner": "x",
        "bulk_actions": [],
        "instance_actions": [],
    }


def test_the_list_names_the_registrys_resource_next_to_actions_of_the_model(
    api: APIClient, serve: Serve
) -> None:
    # Todos have actions of their own, which are classes.
    serve(action_registry={"resource": "task", "basepath": "/tasks/", "actions": {}})
    listed = api.get("/things/actions/list/").json()

    assert [entry["id"] for entry in listed["bulk_actions"]] == ["bulk_mark_done"]
    assert (listed["resource"], listed["basepath"]) == ("task", "/tasks/")


def test_two_viewsets_may_share_a_registry(client: APIClient, serve: Serve) -> None:
    serve(queryset=User.objects.all(), serializer_class=AccountSerializer, action_registry=ACTIONS)
    response = client.post(f"/things/{ANN}/actions/rename/", {"first_name": "Anna"})

    assert response.json()["first_name"] == "Anna"


def test_a_viewset_may_inherit_its_registry(client: APIClient, settings: Settings) -> None:
    viewset = type("MoreAccountsViewSet", (AccountViewSet,), {})
    router = DefaultRouter()
    router.register("more", viewset, basename="more")
    urls = ModuleType("more_urls")
    urls.urlpatterns = router.urls  # type: ignore[attr-defined]  # what Django looks for
    settings.ROOT_URLCONF = urls
    response = client.post(f"/more/{ANN}/actions/rename/", {"first_name": "Anna"})

    assert response.json()["first_name"] == "Anna"
