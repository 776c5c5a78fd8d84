"""The operations on runs in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client

from dj_actions.admin.confirmation import CONFIRMED
from dj_actions.models import ActionEvent, Delivery
from tests.integration.airflow.destination import AirflowDestination
from tests.integration.airflow_runs.conftest import MakeRun

pytestmark = pytest.mark.django_db

DELIVERIES = "/admin/dj_actions/delivery/"


@pytest.fixture
def browser(client: Client, admin: User) -> Client:
    """A browser in which a superuser is logged in."""
    client.force_login(admin)
    return client


def submit(browser: Client, action: str, delivery: Delivery, **fields: Any) -> Any:
    chosen = {"action": action, "_selected_action": [delivery.pk]}
    return browser.post(DELIVERIES, {**chosen, **fields, CONFIRMED: "Run"})


@pytest.mark.parametrize(
    ("action", "fields", "state"),
    [
        ("airflow_rerun", {"reason": "x", "only_failed": "on"}, "queued"),
        ("airflow_mark", {"reason": "x", "state": "succeeded"}, "success"),
        ("airflow_note", {"text": "ask bob"}, "failed"),
        ("airflow_unpause", {}, "failed"),
        ("airflow_trigger", {"reason": "x", "conf": '{"data": {}}'}, "failed"),
    ],
)
def test_each_operation_runs_from_its_form(
    browser: Client,
    make_run: MakeRun,
    pipelines: AirflowDestination,
    action: str,
    fields: dict[str, str],
    state: str,
) -> None:
    delivery = make_run("failed")
    pipelines.paused = {"reports"}
    response = submit(browser, action, delivery, **fields)

    assert [entry.level_tag for entry in get_messages(response.wsgi_request)] == ["success"] * 2
    assert pipelines.runs["reports", delivery.receipt_id]["state"] == state
    verb = action.removeprefix("airflow_")
    intent = ActionEvent.objects.get(resource="airflow_run", action=verb)
    assert intent.actor_label == "admin"


@pytest.mark.parametrize(
    ("state", "absent"),
    [
        ("failed", {"airflow_unpause"}),
        ("running", {"airflow_trigger"}),
        ("success", {"airflow_unpause"}),
    ],
)
def test_the_page_of_a_delivery_has_the_buttons_that_make_sense(
    browser: Client, make_run: MakeRun, state: str, absent: set[str]
) -> None:
    page = browser.get(f"{DELIVERIES}{make_run(state).pk}/change/").content.decode()
    verbs = ("rerun", "mark", "note", "unpause", "trigger")
    shown = {f"airflow_{verb}" for verb in verbs if f'value="airflow_{verb}"' in page}

    assert shown == {f"airflow_{verb}" for verb in verbs} - absent


@pytest.mark.parametrize("conf", ["[]", "{", "", '"x"'])
def test_a_conf_that_is_not_an_object_is_requested_again(
    browser: Client, make_run: MakeRun, pipelines: AirflowDestination, conf: str
) -> None:
    response = submit(browser, "airflow_trigger", make_run("failed"), reason="x", conf=conf)

    assert "errornote" in response.content.decode()
    assert len(pipelines.runs) == 1
