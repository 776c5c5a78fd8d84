"""The operations on runs in the console, against a server that speaks Airflow's protocol."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from dj_actions.models import ActionEvent
from tests.integration.airflow.destination import AirflowDestination
from tests.integration.airflow_runs.conftest import MakeRun
from tests.integration.console.test_run_acts import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, admin: User) -> Client:
    """A browser in which a superuser is logged in."""
    client.force_login(admin)
    return client


def submit(browser: Client, name: str, step: str, **fields: Any) -> Any:
    url = reverse("dj_actions_console:run_act", args=[name])
    return browser.post(url, {"step": step, "key": "0" * 32, **fields})


@pytest.mark.parametrize(
    ("name", "fields", "plan", "state"),
    [
        ("airflow_rerun", {"input-only_failed": "on"}, "its failed tasks would run", "queued"),
        ("airflow_mark", {"input-state": "succeeded"}, "would be marked as succeeded", "success"),
        ("airflow_note", {"input-text": "ask bob"}, "It has no note yet", "failed"),
        ("airflow_trigger", {"input-conf": '{"data": {}}'}, "would be started", "failed"),
    ],
)
def test_each_operation_is_previewed_then_run_and_kept(
    browser: Client,
    make_run: MakeRun,
    pipelines: AirflowDestination,
    name: str,
    fields: dict[str, str],
    plan: str,
    state: str,
) -> None:
    delivery = make_run("failed")
    filled = {"selected": delivery.pk, "input-reason": "it is mended", **fields}
    preview = submit(browser, name, "preview", **filled)
    assert plan in words(preview)
    assert pipelines.runs["reports", delivery.receipt_id]["state"] == "failed"
    done = browser.get(submit(browser, name, "run", **filled).headers["Location"])

    assert "Done for 1 of 1 delivery." in words(done)
    assert pipelines.runs["reports", delivery.receipt_id]["state"] == state
    intent = ActionEvent.objects.get(resource="airflow_run", action=name.removeprefix("airflow_"))
    assert (intent.actor_label, intent.request_data["reason"]) == ("admin", "it is mended")
    timeline = browser.get(reverse("dj_actions_console:event", args=[delivery.event_id]))
    assert f"admin ran {intent.label}" in words(timeline)


def test_a_paused_dag_is_unpaused(
    browser: Client, make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    pipelines.paused = {"reports"}
    filled = {"selected": make_run("queued").pk, "input-reason": "it may run"}
    assert "would be unpaused" in words(submit(browser, "airflow_unpause", "preview", **filled))
    submit(browser, "airflow_unpause", "run", **filled)
    assert pipelines.paused == set()


def test_what_does_not_apply_is_said_before_it_is_run(browser: Client, make_run: MakeRun) -> None:
    filled = {"selected": make_run("running").pk, "input-reason": "again"}
    preview = submit(browser, "airflow_rerun", "preview", **filled)
    assert "Airflow reruns a run that has ended" in words(preview)
    assert "skipped" in words(preview)
    assert "It would be done for 0 of 1." in words(preview)
    assert 'value="run"' not in preview.content.decode()


def test_the_operations_need_their_own_permissions(browser: Client, make_run: MakeRun) -> None:
    page = browser.get(reverse("dj_actions_console:runs")).content.decode()
    make_run("failed")
    assert "airflow_rerun" not in page  # without a run, there is nothing to select
    page = browser.get(reverse("dj_actions_console:runs")).content.decode()
    assert "airflow_rerun" in page
