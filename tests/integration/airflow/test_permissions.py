"""A trigger that is refused with 403: is it the user, or one DAG?"""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_airflow import AirflowPublisher
from pytest_django import Settings

from dj_actions.exceptions import DestinationNotFound, PublisherMisconfigured, PublishError
from dj_actions.publishers import publishers
from dj_actions.testing.contract import make_message
from tests.fixtures.destinations import failure_of
from tests.fixtures.scripted_server import Answer, Fault, Step, as_json, as_page
from tests.integration.airflow.destination import PASSWORD, USERNAME, AirflowDestination

FORBIDDEN = as_json({"detail": "Forbidden"}, 403)


@pytest.fixture
def publisher(destination: AirflowDestination, settings: Settings) -> AirflowPublisher:
    """A publisher whose routes name two DAGs; the user may not trigger the first one."""
    options = {"base_url": destination.server.url, "username": USERNAME, "password": PASSWORD}
    routes = {"todo.mark_done": {"dag_id": "payroll"}, "todo.*": {"dag_id": "reports"}}
    entry = {"BACKEND": "dj_actions_airflow.AirflowPublisher", "OPTIONS": options, "ROUTES": routes}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"pipelines": entry}}
    destination.forbidden_dags.add("payroll")
    configured = publishers["pipelines"]
    assert isinstance(configured, AirflowPublisher)
    destination.closing(configured)
    return configured


def refusal_of(publisher: AirflowPublisher, dag_id: Any = "payroll") -> PublishError:
    error = failure_of(lambda: publisher.publish(make_message(options={"dag_id": dag_id})))
    assert isinstance(error, PublishError)
    return error


def test_a_dag_that_the_user_may_not_trigger_is_a_fault_of_its_messages(
    destination: AirflowDestination, publisher: AirflowPublisher
) -> None:
    error = refusal_of(publisher)

    assert type(error) is DestinationNotFound
    assert error.status == 403
    assert "403 Forbidden" in str(error)
    assert "may trigger DAG 'reports', but not 'payroll'" in str(error)
    assert destination.runs == {}


def test_a_dag_that_was_triggered_before_is_known_without_a_route(
    destination: AirflowDestination,
) -> None:
    publisher = destination.make()
    publisher.publish(make_message())
    destination.forbidden_dags.add("payroll")

    assert type(refusal_of(publisher)) is DestinationNotFound


def test_a_user_who_may_trigger_nothing_is_a_fault_of_the_configuration(
    destination: AirflowDestination, publisher: AirflowPublisher
) -> None:
    destination.may_trigger = False

    assert type(refusal_of(publisher)) is PublisherMisconfigured


def test_a_user_who_may_trigger_nothing_any_more_is_one_too(
    destination: AirflowDestination,
) -> None:
    publisher = destination.make()
    publisher.publish(make_message())
    destination.may_trigger = False

    assert type(refusal_of(publisher)) is PublisherMisconfigured


def test_a_page_of_a_proxy_says_nothing_about_a_dag(
    destination: AirflowDestination, publisher: AirflowPublisher
) -> None:
    destination.server.script(as_page(403), at="/payroll/dagRuns")

    assert type(refusal_of(publisher)) is PublisherMisconfigured


@pytest.mark.parametrize("step", [as_json({"detail": "no"}, 500), Fault.CUT, as_page(404)])
def test_without_an_answer_it_is_a_fault_of_the_configuration(
    destination: AirflowDestination, publisher: AirflowPublisher, step: Step
) -> None:
    refused: list[Answer | Step] = [FORBIDDEN, *[step] * 9]
    destination.server.script(*refused, at="/dagRuns")

    assert type(refusal_of(publisher)) is PublisherMisconfigured


def test_many_refused_messages_cost_a_few_questions(
    destination: AirflowDestination, publisher: AirflowPublisher
) -> None:
    for _ in range(10):
        refusal_of(publisher)

    assert destination.server.count("POST", "/dagRuns") == 10 + 1


def test_of_several_dags_the_forbidden_one_is_named(
    destination: AirflowDestination, publisher: AirflowPublisher
) -> None:
    error = refusal_of(publisher, ["reports", "payroll"])

    assert type(error) is DestinationNotFound
    assert [dag_id for dag_id, _ in destination.runs] == ["reports"]
