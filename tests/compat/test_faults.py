"""The faults of dj-actions 0.0.7: one test for each, which fails there."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve, reverse
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from dj_actions.conf import get_settings
from dj_actions.fields import CommaSeparatedCharField, JSONTextField
from dj_actions.models import ActionEvent, ArchivedActionEvent
from dj_actions.operations.retention import TableArchive, archive_batch
from dj_actions.redaction import REDACTED
from dj_actions.signals import action_recorded
from dj_actions.tests.testutils import get_instance_action_url
from tests.compat.accounts.actions.action_registry import ACTIONS
from tests.compat.accounts.views import AccountViewSet
from tests.compat.calls import ANN
from tests.compat.conftest import Offer
from tests.conftest import ClientOf, MakeEvent

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.compat.urls")]

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIRED: list[str] = PROJECT["dependencies"]

RENAME = f"/accounts/{ANN}/actions/rename/"


def rename(client: APIClient) -> Any:
    """Call an action that works."""
    return client.post(RENAME, {"first_name": "Anna"})


class WritingForm(forms.Form):
    """Writes, then does what its `do` says."""

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        User.objects.filter(pk=pk).update(first_name="Changed")
        return {}, self.do()

    def do(self) -> dict[str, Any]:
        return {}


# Settings


def test_the_code_read_track_actions_where_the_readme_says_djaction_track_actions(
    client: APIClient, settings: Settings
) -> None:
    settings.DJ_ACTIONS = {}
    settings.TRACK_ACTIONS = True
    settings.DJACTION_TRACK_ACTIONS = False
    rename(client)

    assert ActionEvent.objects.count() == 0


def test_an_action_that_was_not_tracked_crashed(client: APIClient, settings: Settings) -> None:
    settings.DJ_ACTIONS = {}
    settings.TRACK_ACTIONS = settings.DJACTION_TRACK_ACTIONS = False

    assert rename(client).status_code == 200
    assert User.objects.get(pk=ANN).first_name == "Anna"


# Archiving


def test_archiving_crashed_and_would_have_deleted_the_newest_events(
    make_event: MakeEvent,
) -> None:
    days = {age: timezone.now() - timedelta(days=age) for age in (0, 1, 2)}
    events = {age: make_event(created_at=moment) for age, moment in days.items()}
    before = days[1]

    assert archive_batch(TableArchive(), before=before, limit=10) == 1
    assert {event.pk for event in ActionEvent.objects.all()} == {events[0].pk, events[1].pk}
    assert [event.pk for event in ArchivedActionEvent.objects.all()] == [events[2].pk]


def test_the_age_of_old_events_could_not_be_read(settings: Settings) -> None:
    settings.DJACTION_TTL_MINUTES = 5

    assert get_settings().ttl_minutes == 5


def test_archive_actions_counted_what_was_left(
    client_of: ClientOf, admin: User, make_event: MakeEvent
) -> None:
    make_event(), make_event()
    url = "/dj-actions/actionevents/actions/archive_actions/"
    response = client_of(admin).post(url, {"delete_before": "2999-01-01"})

    assert response.json()["meta"]["count"] == 2


def test_the_events_endpoint_showed_nothing_about_them(
    client_of: ClientOf, admin: User, client: APIClient
) -> None:
    rename(client)
    (shown,) = client_of(admin).get("/dj-actions/actionevents/").json()["results"]

    assert (shown["resource"], shown["action"], shown["object_id"]) == (
        "account",
        "rename",
        str(ANN),
    )


def test_anybody_could_delete_events(client_of: ClientOf, make_event: MakeEvent) -> None:
    url = f"/dj-actions/actionevents/{make_event().pk}/"

    assert client_of(None).delete(url).status_code == 401
    assert ActionEvent.objects.count() == 1


# Unknown actions


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("url", "nearest"),
    [
        (f"/accounts/{ANN}/actions/renam/", "rename"),
        ("/accounts/actions/bulk_deactivat/", "bulk_deactivate"),
    ],
)
def test_an_unknown_action_was_a_fault_of_the_server(
    client: APIClient, method: str, url: str, nearest: str
) -> None:
    response = getattr(client, method)(url)

    assert response.status_code == 404
    assert f"Did you mean '{nearest}'?" in response.json()["detail"]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("/accounts/actions/rename/", "…/{id}/actions/rename/"),
        (f"/accounts/{ANN}/actions/elect/", "…/actions/elect/"),
    ],
)
def test_an_action_called_as_the_other_type_was_a_fault_of_the_server(
    client: APIClient, method: str, url: str, place: str
) -> None:
    response = getattr(client, method)(url)

    assert response.status_code == 404
    assert f"is found at {place}." in response.json()["detail"]


# Routes and documentation


def test_a_get_changed_the_registry_of_all(client: APIClient) -> None:
    before = copy.deepcopy(ACTIONS)
    client.get(RENAME)

    assert before == ACTIONS
    assert "url" not in AccountViewSet.action_registry["actions"]["rename"]


def listed_urls(client: APIClient) -> Iterator[tuple[str, str]]:
    """Yield id and URL of each action in the list."""
    listed = client.get("/accounts/actions/list/").json()
    for entry in listed["bulk_actions"] + listed["instance_actions"]:
        yield entry["id"], entry["url"]


def test_the_urls_of_the_list_led_nowhere(client: APIClient) -> None:
    urls = dict(listed_urls(client))

    assert len(urls) == len(ACTIONS["actions"])
    for name, url in urls.items():
        assert "{pk}" in url or ACTIONS["actions"][name]["type"] == "bulk"
        match = resolve(url.replace("{pk}", str(ANN)))
        assert match.url_name == f"user-action-{name}"


def test_the_url_in_the_docs_of_a_bulk_action_had_two_slashes(client: APIClient) -> None:
    url = "/accounts/actions/elect/"

    assert client.get(url).json()["url"] == url


def test_the_docs_of_an_action_without_a_serializer_crashed(client: APIClient) -> None:
    response = client.get(f"/accounts/{ANN}/actions/greet/")

    assert (response.status_code, response.json()["serializer"]) == (200, False)


def test_one_catch_all_url_hid_the_actions_from_the_framework() -> None:
    names = {entry.__name__ for entry in AccountViewSet.get_extra_actions()}
    routes = {name: reverse(f"user-action-{name}", args=[ANN]) for name in ("rename", "greet")}

    assert ACTIONS["actions"].keys() <= names
    assert routes == {name: f"/accounts/{ANN}/actions/{name}/" for name in ("rename", "greet")}


def test_the_url_of_an_instance_action_in_tests_lacked_its_slash() -> None:
    assert get_instance_action_url("accounts", ANN, "rename") == RENAME


# The record


class CrashingForm(WritingForm):
    """Crashes, after it has written."""

    def do(self) -> dict[str, Any]:
        raise RuntimeError("Out of order")


def test_an_error_in_save_left_no_event(client: APIClient, offer: Offer) -> None:
    assert client.post(offer(CrashingForm, serializer=False)).status_code == 500

    event = ActionEvent.objects.get()
    assert (event.action_id, event.status_code, event.object_id) == ("poke", 500, str(ANN))


def test_what_save_had_written_stayed_when_it_crashed(client: APIClient, offer: Offer) -> None:
    client.post(offer(CrashingForm, serializer=False))

    assert User.objects.get(pk=ANN).first_name == "Ann"


def test_the_event_was_saved_outside_the_transaction_of_the_change(
    client: APIClient, offer: Offer
) -> None:
    def refuse(**_: Any) -> None:
        raise RuntimeError("No event")

    url = offer(WritingForm, serializer=False)
    action_recorded.connect(refuse)
    try:
        assert client.post(url).status_code == 500
    finally:
        action_recorded.disconnect(refuse)

    assert User.objects.get(pk=ANN).first_name == "Ann"
    assert not ActionEvent.objects.succeeded().exists()


class SecretForm(forms.Form):
    """Is sent secrets."""

    password = forms.CharField(widget=forms.PasswordInput)
    pin = forms.CharField()
    note = forms.CharField()

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {"pin": self.cleaned_data["pin"]}


@pytest.mark.parametrize("note", ["milk", ""], ids=["accepted", "refused"])
def test_secrets_were_stored_with_the_request(client: APIClient, offer: Offer, note: str) -> None:
    url = offer(SecretForm, serializer=False, sensitive=["pin"])
    client.post(url, {"password": "hunter2", "pin": "1234", "note": note})
    event = ActionEvent.objects.get()

    assert event.request_data == {"password": REDACTED, "pin": REDACTED, "note": note}
    assert "1234" not in str(event.response_data)


class UploadForm(forms.Form):
    """Is sent a file."""

    file = forms.FileField()

    @classmethod
    def get_form(cls, view: Any, request: Any, pk: Any, instance: Any = None) -> UploadForm:
        return cls(request.data, request.FILES)

    def save(self, request: Any, pk: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {"size": self.cleaned_data["file"].size}


def test_a_file_could_not_be_recorded(client: APIClient, offer: Offer) -> None:
    file = SimpleUploadedFile("notes.txt", b"milk")
    response = client.post(offer(UploadForm, serializer=False), {"file": file}, format="multipart")

    assert response.json() == {"size": 4}
    assert ActionEvent.objects.get().request_data == {"file": "notes.txt"}


class DatedForm(WritingForm):
    """Answers with a date."""

    def do(self) -> dict[str, Any]:
        return {"due": date(2026, 5, 1)}


def test_an_answer_with_a_date_could_not_be_recorded(client: APIClient, offer: Offer) -> None:
    response = client.post(offer(DatedForm, serializer=False))

    assert response.json() == {"due": "2026-05-01"}
    assert ActionEvent.objects.get().response_data == {"due": "2026-05-01"}


def test_the_duration_was_printed(client: APIClient, capsys: pytest.CaptureFixture[str]) -> None:
    rename(client)

    assert capsys.readouterr().out == ""
    assert ActionEvent.objects.get().duration > 0


# Fields


class ListForm(forms.Form):
    """Has both fields, with all they take."""

    names = CommaSeparatedCharField(min_length=2, max_length=3)
    options = JSONTextField(required=False, schema={"type": "object", "required": ["loud"]})


@pytest.mark.parametrize(("names", "valid"), [("a", False), ("a,b", True), ("a,b,c,d", False)])
def test_the_limits_of_a_comma_separated_field_were_name_errors(names: str, *, valid: bool) -> None:
    assert ListForm({"names": names}).is_valid() is valid


def test_a_comma_separated_field_lost_the_order_of_its_values() -> None:
    form = ListForm({"names": "one, two, three, two"})

    assert form.is_valid()
    assert form.cleaned_data["names"] == ["one", "two", "three"]


def test_text_that_is_no_json_was_a_name_error() -> None:
    form = ListForm({"names": "a,b", "options": "{"})

    assert list(form.errors) == ["options"]


def test_a_json_schema_was_a_name_error() -> None:
    form = ListForm({"names": "a,b", "options": "{}"})

    assert list(form.errors) == ["options"]
    assert "loud" in str(form.errors["options"])


def test_a_json_object_was_a_type_error() -> None:
    form = ListForm({"names": "a,b", "options": '{"loud": true}'})

    assert form.is_valid()
    assert form.cleaned_data["options"] == {"loud": True}


# The package


def names_of(requirements: list[str]) -> set[str]:
    """Return the names of requirements, without their versions."""
    return {entry.replace(">", " ").replace("<", " ").split()[0].lower() for entry in requirements}


def test_what_the_package_needs_was_not_declared() -> None:
    assert {"django", "djangorestframework", "pyyaml"} <= names_of(REQUIRED)


def test_what_the_package_needs_was_pinned() -> None:
    assert [entry for entry in REQUIRED if "==" in entry or "~=" in entry or "<" in entry] == []
