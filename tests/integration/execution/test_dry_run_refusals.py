"""A dry run reports what the DAG would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django import Settings
from rest_framework.test import APIClient

from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.fixtures.destinations import serve
from tests.integration.airflow.destination import PASSWORD, USERNAME, AirflowDestination

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def destination(direct_connections: None) -> Iterator[AirflowDestination]:
    """A server that speaks Airflow's protocol."""
    yield from serve(AirflowDestination())


@pytest.fixture(autouse=True)
def airflow(destination: AirflowDestination, settings: Settings) -> AirflowDestination:
    """Route the action to a DAG with a param that allows few values."""
    destination.declare("reports", {"note": ("", {"type": "string", "enum": ["", "good"]})})
    options = {"base_url": destination.server.url, "username": USERNAME, "password": PASSWORD}
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {
            "pipelines": {
                "BACKEND": "dj_actions_airflow.AirflowPublisher",
                "OPTIONS": options,
                "ROUTES": {"todo.mark_done": {"dag_id": "reports", "conf": "data"}},
            }
        }
    }
    return destination


def planned(api: APIClient, todo: Todo, note: str) -> dict[str, Any]:
    """Return the delivery of a dry run."""
    url = f"/todos/{todo.pk}/actions/mark_done/?dry_run=1"
    (delivery,) = api.post(url, {"note": note}, format="json").json()["deliveries"]
    found: dict[str, Any] = delivery
    return found


def test_the_response_has_what_the_dag_would_refuse(api: APIClient, todo: Todo) -> None:
    assert planned(api, todo, "good") == {"action": "todo.mark_done", "publisher": "pipelines"}
    refusal = planned(api, todo, "bad")["refusal"]
    assert "param note: 'bad' is not one of ['', 'good']" in refusal


def test_the_command_says_it(todo: Todo, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "todo",
        "mark_done",
        "--pk",
        str(todo.pk),
        "--data",
        '{"note": "bad"}',
        "--dry-run",
    ]
    call_command("run_action", *arguments)

    assert "pipelines would not accept it: DAG 'reports'" in capsys.readouterr().err


def test_nothing_is_sent_and_a_real_run_does_not_ask(
    airflow: AirflowDestination, ann: User, todo: Todo
) -> None:
    MarkDone.run(actor=ann, object=todo, data={"note": "bad"}, dry_run=True)
    asked = len(airflow.server.requests)
    MarkDone.run(actor=ann, object=todo, data={"note": "bad"})

    assert (airflow.runs, len(airflow.server.requests)) == ({}, asked)


@pytest.mark.django_db(transaction=False)
def test_within_a_transaction_the_network_is_not_used(
    airflow: AirflowDestination, ann: User, todo: Todo
) -> None:
    result = MarkDone.run(actor=ann, object=todo, data={"note": "bad"}, dry_run=True)

    assert [delivery.refusal for delivery in result.planned] == [""]
    assert airflow.server.requests == []


def test_data_that_is_too_large_to_store_is_told(settings: Settings, ann: User, todo: Todo) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "MAX_STORED_BYTES": 100}
    result = MarkDone.run(actor=ann, object=todo, data={"note": "x" * 150}, dry_run=True)

    (delivery,) = result.planned
    assert "more than MAX_STORED_BYTES" in delivery.refusal
