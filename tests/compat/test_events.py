"""The records: their old names, their old settings, their old endpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import override_settings
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.models import ActionEvent, ArchivedActionEvent, EventAction
from dj_actions.operations.retention import default_cutoff
from dj_actions.tests.testutils import (
    assert_in_registry,
    get_bulk_action_url,
    get_instance_action_url,
)
from tests.compat.calls import ANN
from tests.conftest import ClientOf, MakeDelivery, MakeEvent
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.compat.urls")]

ARCHIVE = "/dj-actions/actionevents/actions/archive_actions/"
PUBLISHERS = {
    "feeds": {
        "BACKEND": "dj_actions.publishers.memory.MemoryPublisher",
        "ROUTES": ["account.rename"],
    }
}


def rename(client: APIClient) -> Any:
    """Call an action."""
    return client.post(f"/accounts/{ANN}/actions/rename/", {"first_name": "Anna"})


# Names


OLD_NAMES: dict[str, Any] = {
    "action_id": "rename",
    "action_type": "instance",
    "actor_id": str(ANN),
    "object_id": str(ANN),
    "action_context": None,
    "status_code": 200,
    "request_data": {"first_name": "Anna", "last_name": ""},
    "response_content": None,
    "complete": True,
    "scheduled_time": None,
}


@pytest.mark.parametrize("name", OLD_NAMES)
def test_an_event_has_its_old_names(client: APIClient, name: str) -> None:
    rename(client)

    assert getattr(ActionEvent.objects.get(), name) == OLD_NAMES[name]


def test_an_event_holds_the_answer(client: APIClient) -> None:
    answer = rename(client).json()

    assert ActionEvent.objects.get().response_data == answer


def test_an_event_has_its_dates_under_their_old_names(client: APIClient) -> None:
    rename(client)
    event = ActionEvent.objects.get()

    assert event.created_date == event.modified_date == event.created_at


def test_a_duration_is_in_seconds(make_event: MakeEvent) -> None:
    event = make_event(duration_ms=1250.5)

    assert event.duration == Decimal("1.2505")


def test_an_event_of_many_objects_is_bulk(client: APIClient) -> None:
    client.post("/accounts/actions/bulk_deactivate/", {"usernames": "ann,bob"})
    event = ActionEvent.objects.get()

    assert (event.action_id, event.action_type) == ("bulk_deactivate", "bulk")
    assert event.object_id is None


def test_the_readme_calls_events_event_actions() -> None:
    assert EventAction is ActionEvent


def test_an_event_can_be_made_with_nothing_but_defaults() -> None:
    # As tests of projects do.
    assert ActionEvent.objects.create().complete


# Settings


@pytest.fixture
def _untracked(settings: Settings) -> None:
    settings.DJACTION_TRACK_ACTIONS = False
    settings.DJ_ACTIONS = {}


@pytest.mark.usefixtures("_untracked")
def test_actions_need_not_be_tracked(client: APIClient) -> None:
    assert rename(client).json()["first_name"] == "Anna"
    assert User.objects.get(pk=ANN).first_name == "Anna"
    assert ActionEvent.objects.count() == 0


@pytest.mark.usefixtures("_untracked")
def test_failures_need_not_be_tracked_either(client: APIClient) -> None:
    assert client.post(f"/accounts/{ANN}/actions/rename/").status_code == 400
    assert ActionEvent.objects.count() == 0


def test_what_is_published_is_tracked_all_the_same(client: APIClient, settings: Settings) -> None:
    settings.DJACTION_TRACK_ACTIONS = False
    settings.DJ_ACTIONS = {"PUBLISHERS": PUBLISHERS}
    client.post(f"/accounts/{ANN}/actions/greet/")
    rename(client)
    event = ActionEvent.objects.get()

    assert event.action_id == "rename"
    assert [delivery.publisher for delivery in event.deliveries.all()] == ["feeds"]


def test_actions_are_tracked_by_default(client: APIClient, settings: Settings) -> None:
    settings.DJ_ACTIONS = {}
    rename(client)

    assert ActionEvent.objects.count() == 1


@pytest.mark.parametrize(("tracked", "others"), [(True, False), (False, True)])
def test_a_new_setting_counts_before_an_old_one(
    settings: Settings, *, tracked: bool, others: bool
) -> None:
    settings.DJACTION_TRACK_ACTIONS = others
    settings.DJACTION_TTL_MINUTES = 5
    settings.DJ_ACTIONS = {"TRACK_ACTIONS": tracked, "TTL_MINUTES": 7}

    assert (get_settings().track_actions, get_settings().ttl_minutes) == (tracked, 7)


@pytest.mark.parametrize(
    ("name", "value"), [("DJACTION_TRACK_ACTIONS", "no"), ("DJACTION_TTL_MINUTES", "60")]
)
def test_a_wrong_value_is_reported_by_the_name_it_is_set_by(
    settings: Settings, name: str, value: str
) -> None:
    setattr(settings, name, value)

    with pytest.raises(InvalidSetting, match=name):
        get_settings()


@pytest.mark.parametrize(("minutes", "age"), [(5, timedelta(minutes=5)), (None, timedelta(days=1))])
def test_the_age_of_old_events_is_a_setting(minutes: int | None, age: timedelta) -> None:
    old = {} if minutes is None else {"DJACTION_TTL_MINUTES": minutes}
    with override_settings(**old):
        earliest, cutoff, latest = (timezone.now() - age, default_cutoff(), timezone.now() - age)

    # Two clocks on one machine: the database's and the process's.
    assert earliest - timedelta(seconds=1) <= cutoff <= latest + timedelta(seconds=1)


# The endpoint


@pytest.fixture
def superuser(client_of: ClientOf, admin: User) -> APIClient:
    return client_of(admin)


@pytest.fixture
def old(make_event: MakeEvent) -> ActionEvent:
    """An event of long ago."""
    return make_event(created_at=datetime(2020, 2, 26, tzinfo=UTC))


def test_events_are_found_where_they_were(superuser: APIClient, old: ActionEvent) -> None:
    (shown,) = superuser.get("/dj-actions/actionevents/").json()["results"]

    assert (shown["id"], shown["action"]) == (str(old.pk), "mark_done")
    assert superuser.get(f"/dj-actions/actionevents/{old.pk}/").json() == shown


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_events_cannot_be_changed(superuser: APIClient, old: ActionEvent, method: str) -> None:
    path = "/dj-actions/actionevents/" + ("" if method == "post" else f"{old.pk}/")

    assert getattr(superuser, method)(path).status_code == 405
    assert ActionEvent.objects.get() == old


def test_events_are_for_staff(client: APIClient, old: ActionEvent) -> None:
    assert client.get("/dj-actions/actionevents/").status_code == 403


def test_the_events_offer_to_be_archived(superuser: APIClient) -> None:
    listed = superuser.get("/dj-actions/actionevents/actions/list/").json()

    assert listed["resource"] == "actionevent"
    assert [entry["id"] for entry in listed["bulk_actions"]] == ["archive_actions"]
    assert listed["instance_actions"] == []


@pytest.mark.parametrize("who", ["nobody", "someone", "staff"])
def test_only_superusers_archive(
    client_of: ClientOf, make_user: Any, old: ActionEvent, who: str
) -> None:
    user = None if who == "nobody" else make_user(who, is_staff=who == "staff")
    response = client_of(user).post(ARCHIVE, {"delete_before": "2026-01-01"})

    assert response.status_code == (401 if who == "nobody" else 403)
    assert ActionEvent.objects.filter(pk=old.pk).exists()


@pytest.mark.parametrize(
    "before", ["2020-02-27", "2020-02-26T00:00:01Z", "2020-02-26 00:00:01", "2020-02-26T01:00"]
)
def test_older_events_are_archived(
    superuser: APIClient, make_event: MakeEvent, old: ActionEvent, before: str
) -> None:
    newer = make_event(created_at=datetime(2020, 2, 28, tzinfo=UTC))
    response = superuser.post(ARCHIVE, {"delete_before": before})

    assert (response.status_code, response.json()["results"]) == (200, [])
    assert response.json()["meta"] == {"count": 1, "has_more": False}
    kept = ActionEvent.objects.exclude(action="archive_actions")
    assert [event.pk for event in kept] == [newer.pk]
    assert [event.pk for event in ArchivedActionEvent.objects.all()] == [old.pk]


def test_without_a_date_those_older_than_the_setting_are_archived(
    superuser: APIClient, settings: Settings, make_event: MakeEvent
) -> None:
    settings.DJACTION_TTL_MINUTES = 60
    ages = {minutes: timezone.now() - timedelta(minutes=minutes) for minutes in (50, 70)}
    events = {minutes: make_event(created_at=moment) for minutes, moment in ages.items()}
    superuser.post(ARCHIVE)

    assert [event.pk for event in ArchivedActionEvent.objects.all()] == [events[70].pk]


@pytest.mark.parametrize(
    ("delivery", "goes"),
    [
        ("pending", False),
        ("tried before", False),
        ("sending", False),
        ("dead", False),
        ("running", False),
        ("delivered", True),
        ("cancelled", True),
        ("succeeded", True),
    ],
)
def test_an_event_with_an_open_delivery_stays(
    superuser: APIClient,
    make_delivery: MakeDelivery,
    old: ActionEvent,
    delivery: str,
    *,
    goes: bool,
) -> None:
    make_delivery(event=old, publisher="done", **POSSIBLE["delivered"])
    make_delivery(event=old, publisher="feeds", **POSSIBLE[delivery])
    response = superuser.post(ARCHIVE, {"delete_before": "2026-01-01"})

    assert response.json()["meta"]["count"] == int(goes)
    assert ActionEvent.objects.filter(pk=old.pk).exists() is not goes


def test_a_date_that_is_none_is_refused(superuser: APIClient, old: ActionEvent) -> None:
    response = superuser.post(ARCHIVE, {"delete_before": "yesterday"})

    assert (response.status_code, list(response.json())) == (400, ["delete_before"])
    assert ActionEvent.objects.filter(pk=old.pk).exists()


# Test utilities


@pytest.mark.parametrize("context", [None, "", "/"])
def test_the_urls_of_actions_are_made(context: str | None) -> None:
    assert get_instance_action_url("todos", 7, "poke", context) == "/todos/7/actions/poke/"
    assert get_bulk_action_url("todos", "poke_all", context=context) == "/todos/actions/poke_all/"


@pytest.mark.parametrize("context", ["api/v1", "/api/v1", "/api/v1/"])
def test_the_urls_of_actions_lie_in_a_context(context: str) -> None:
    assert get_bulk_action_url("todos", "a", context) == "/api/v1/todos/actions/a/"
    assert get_instance_action_url("todos", 7, "a", context) == "/api/v1/todos/7/actions/a/"


def test_actions_are_found_in_the_registry(client: APIClient) -> None:
    assert_in_registry(client, "accounts", ["elect"], ["rename", "deactivate"])
    assert_in_registry(client, "accounts")


@pytest.mark.parametrize(("bulk", "instance"), [(["rename"], []), ([], ["elect"]), (["x"], [])])
def test_actions_are_missed_in_the_registry(
    client: APIClient, bulk: list[str], instance: list[str]
) -> None:
    with pytest.raises(AssertionError, match="/accounts/actions/list/ lacks"):
        assert_in_registry(client, "accounts", bulk_actions=bulk, instance_actions=instance)
