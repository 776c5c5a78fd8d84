"""Deliveries: filters, and acts on one, on the selected, on all that match."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from dj_actions.models import ActionEvent, Delivery
from tests.conftest import MakeDelivery
from tests.fixtures.outbox import STATES, operations, states
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

LIST = reverse("dj_actions_console:deliveries")


def act_url(name: str) -> str:
    return reverse("dj_actions_console:act", args=[name])


@pytest.mark.parametrize("state", STATES)
def test_the_list_is_filtered(
    browser: Client, of_all_states: dict[str, Delivery], state: str
) -> None:
    response = browser.get(LIST, {"state": state})
    assert [row.pk for row in response.context["page"].rows] == [of_all_states[state].pk]


@pytest.mark.parametrize("query", [{"state": "gone"}, {"publisher": "x" * 500, "since": "soon"}])
def test_an_invalid_filter_is_not_ignored(browser: Client, query: dict[str, str]) -> None:
    assert browser.get(LIST, query).status_code == 400


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("replay", "dead", "pending"),
        ("replay_delivered", "delivered", "pending"),
        ("discard", "dead", "cancelled"),
        ("cancel", "pending", "cancelled"),
    ],
)
def test_an_act_is_previewed_needs_a_reason_and_leads_to_its_record(
    browser: Client, of_all_states: dict[str, Delivery], name: str, before: str, after: str
) -> None:
    key = of_all_states[before].pk
    form = {"selected": [str(key)]}
    preview = browser.post(act_url(name), form)
    assert preview.context["count"] == 1
    refused = browser.post(act_url(name), form | {"confirmed": "1", "reason": " "})
    assert refused.status_code == 400
    assert states()[key] == before

    done = browser.post(act_url(name), form | {"confirmed": "1", "reason": "it is back"})
    assert states()[key] == after
    (event,) = operations()
    assert done.headers["Location"] == reverse("dj_actions_console:event", args=[event.pk])
    assert (event.label, event.request_data["reason"]) == (f"delivery.{name}", "it is back")


def test_a_retry_needs_no_reason_but_a_confirmation(
    browser: Client, of_all_states: dict[str, Delivery]
) -> None:
    key = of_all_states["pending"].pk
    assert browser.post(act_url("retry"), {"selected": [key]}).context["count"] == 1
    done = browser.post(act_url("retry"), {"selected": [key], "confirmed": "1"})
    assert (done.status_code, done.headers["Location"]) == (303, LIST)


def test_all_that_match_are_changed_and_nothing_else(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    dead = [make_delivery(**POSSIBLE["dead"]).pk for _ in range(3)]
    other = make_delivery(publisher="other", **POSSIBLE["dead"]).pk
    form = {"all": "1", "filters": "state=dead&publisher=memory"}
    assert browser.post(act_url("replay"), form).context["count"] == 3
    browser.post(act_url("replay"), form | {"confirmed": "1", "reason": "back"})

    assert {key: state for key, state in states().items() if key in dead} == dict.fromkeys(
        dead, "pending"
    )
    assert states()[other] == "dead"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"selected": ["x"]},
        {"selected": ["9" * 30]},
        {"all": "1", "filters": "state=gone"},
    ],
)
def test_a_wrong_selection_is_refused(browser: Client, form: dict[str, object]) -> None:
    assert browser.post(act_url("replay"), form).status_code == 400


def test_the_record_of_an_act_shows_the_progress(
    browser: Client, of_all_states: dict[str, Delivery]
) -> None:
    form = {"selected": [of_all_states["dead"].pk], "confirmed": "1", "reason": "back"}
    record = browser.post(act_url("replay"), form, follow=True)
    assert record.context["event"] == ActionEvent.objects.get(resource="delivery")
    assert "1 pending" in " ".join(record.content.decode().split())
