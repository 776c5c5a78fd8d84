"""The operations on runs in the console, against a server that speaks Airflow's protocol."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_airflow.run_operations.verbs import Verb
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from dj_actions.models import ActionEvent
from tests.conftest import MakeUser
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
    return browser.post(url_of(name), {"step": step, "key": "0" * 32, **fields})


def url_of(name: str) -> str:
    return reverse("dj_actions_console:run_act", args=[name])


@pytest.mark.parametrize(
    ("name", "fields", "plan", "state"),
    [
        ("airflow_rerun", {"input-only_failed": "on"}, "its failed tasks would run", "queued"),
        ("airflow_mark", {"input-state": "succeeded"}, "would be marked as succeeded", "success"),
        ("airflow_note", {"input-text": "ask bob"}, "It has no note yet", "failed"),
        ("airflow_trigger", {"input-conf": '{"data": {}}'}, "would be started", "failed"),
        # As it was: no key changes.
        ("airflow_trigger", {"input-conf": "{}"}, "would be started", "failed"),
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


def offered(browser: Client) -> list[Verb]:
    page = browser.get(reverse("dj_actions_console:runs")).content.decode()
    return [verb for verb in Verb if f'formaction="{url_of(f"airflow_{verb}")}"' in page]


def test_without_a_run_no_operation_is_offered(browser: Client, make_run: MakeRun) -> None:
    assert offered(browser) == []
    make_run("failed")
    assert offered(browser) == list(Verb)


@pytest.mark.parametrize("verb", Verb)
def test_each_operation_needs_its_own_permission(
    client: Client,
    make_user: MakeUser,
    make_run: MakeRun,
    pipelines: AirflowDestination,
    verb: Verb,
) -> None:
    operator = make_user("operator", is_staff=True)
    codenames = ["view_console", f"{verb}_airflowrun"]
    operator.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(operator)
    delivery = make_run("failed")
    pipelines.server.requests.clear()
    fields = {"input-state": "succeeded", "input-text": "no", "input-conf": "{}"}
    filled = {"selected": delivery.pk, "input-reason": "it is mended", **fields}

    assert offered(client) == [verb]
    for other in {*Verb} - {verb}:
        for step in ("", "preview", "run"):
            assert submit(client, f"airflow_{other}", step, **filled).status_code == 403
    assert pipelines.server.requests == []
    assert not ActionEvent.objects.exclude(pk=delivery.event_id).exists()
    assert submit(client, f"airflow_{verb}", "preview", **filled).status_code == 200
