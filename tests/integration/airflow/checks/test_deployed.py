"""What Airflow says against the routes, for `check --deploy` and the doctor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from dj_actions.exceptions import PublisherMisconfigured, PublisherUnavailable
from dj_actions.publishers import publishers
from tests.fixtures.destinations import failure_of
from tests.fixtures.scripted_server import Fault, as_json, as_page
from tests.integration.airflow.destination import PASSWORD, USERNAME, AirflowDestination

Findings = Callable[..., list[tuple[str, str]]]

NEEDED = (None, {"type": "string", "enum": ["a", "b"]})


@pytest.fixture
def findings(destination: AirflowDestination, settings: Settings) -> Findings:
    """Return ids and texts of what Airflow says against a route of `todo.mark_done`."""

    def find(pattern: str = "todo.mark_done", **route: Any) -> list[tuple[str, str]]:
        settings.DJ_ACTIONS = {
            "PUBLISHERS": {
                "pipelines": {
                    "BACKEND": "dj_actions_airflow.AirflowPublisher",
                    "OPTIONS": {
                        "base_url": destination.server.url,
                        "username": USERNAME,
                        "password": PASSWORD,
                    },
                    "ROUTES": {pattern: {"dag_id": "reports", **route}},
                }
            }
        }
        publisher = publishers["pipelines"]
        destination.closing(publisher)
        found = [(str(one.id), one.msg) for one in publisher.check_deployed()]
        assert all(one.hint for one in publisher.check_deployed())
        return found

    return find


def test_a_dag_that_can_run_has_no_findings(
    destination: AirflowDestination, findings: Findings
) -> None:
    assert findings() == []
    assert destination.runs == {}


def test_a_dag_that_does_not_exist_is_named(
    destination: AirflowDestination, findings: Findings
) -> None:
    destination.missing_dags.add("second")
    ((identifier, text),) = findings(dag_id=["first", "second"])

    assert identifier == "dj_actions_airflow.E010"
    assert text.startswith('DJ_ACTIONS["PUBLISHERS"]["pipelines"]["ROUTES"]["todo.mark_done"]: ')
    assert "no DAG 'second'" in text


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"has_import_errors": True}, "dj_actions_airflow.E011"),
        ({"has_import_errors": True, "is_stale": True}, "dj_actions_airflow.E011"),
        ({"is_stale": True, "is_paused": True}, "dj_actions_airflow.E010"),
        ({"is_paused": True}, "dj_actions_airflow.W003"),
        ({"allowed_run_types": ["scheduled", "backfill"]}, "dj_actions_airflow.E012"),
    ],
)
def test_what_keeps_a_dag_from_running_is_named(
    destination: AirflowDestination, findings: Findings, details: dict[str, Any], expected: str
) -> None:
    destination.declare("reports", **details)

    assert [identifier for identifier, _ in findings()] == [expected]


@pytest.mark.parametrize("part", ["scheduler", "dag_processor"])
def test_a_program_of_airflow_that_does_not_work_is_named(
    destination: AirflowDestination, findings: Findings, part: str
) -> None:
    destination.health[part] = "unhealthy"
    ((identifier, text),) = findings()

    assert identifier == "dj_actions_airflow.W004"
    assert part.replace("_", " ").replace("dag", "DAG") in text


def test_an_airflow_that_hides_its_health_is_none_the_worse(
    destination: AirflowDestination, findings: Findings
) -> None:
    destination.server.script(*[as_page(404)] * 2, at="/health")

    assert findings() == []


def test_a_user_who_may_not_trigger_is_found_without_a_run(
    destination: AirflowDestination, findings: Findings
) -> None:
    destination.may_trigger = False

    assert [identifier for identifier, _ in findings()] == ["dj_actions_airflow.E013"]
    assert destination.runs == {}


@pytest.mark.parametrize(
    ("conf", "problem"),
    [
        ("envelope", "param verb: there is no value"),
        ("data", "param verb: there is no value"),
        ({}, "param verb: there is no value"),
        ({"verb": "x"}, "param verb: 'x' is not one of"),
        ({"verb": "a"}, ""),
        ({"verb": "{data.note}"}, ""),
        ("{data.options}", ""),
        (lambda message: {}, ""),
    ],
)
def test_params_that_no_message_satisfies_are_named(
    destination: AirflowDestination, findings: Findings, conf: Any, problem: str
) -> None:
    destination.declare("reports", {"verb": NEEDED, "other": ("x", {"type": "string"})})
    found = findings(conf=conf)

    assert [identifier for identifier, _ in found] == (["dj_actions_airflow.E014"] * bool(problem))
    assert not found or problem in found[0][1]


def test_a_field_of_the_input_may_satisfy_a_param(
    destination: AirflowDestination, findings: Findings
) -> None:
    destination.declare("reports", {"note": (None, {"type": "string"})})

    assert findings(conf="data") == []


def test_the_problems_of_one_action_are_sentences(
    destination: AirflowDestination, findings: Findings
) -> None:
    destination.declare("reports", {"due": (None, {"type": "string"})})
    findings("todo.*", conf="data")
    publisher = publishers["pipelines"]
    (text,) = publisher.problems_of("todo.mark_done")

    assert text.startswith("DAG 'reports' refuses every message of todo.mark_done: param due: ")
    assert "airflow_params todo mark_done" in text
    destination.declare("reports", is_paused=True)
    assert ["is paused" in text for text in publisher.problems_of("todo.mark_done")] == [True]
    destination.missing_dags.add("reports")
    assert ["no DAG" in text for text in publisher.problems_of("todo.mark_done")] == [True]
    assert publisher.problems_of("todo.unknown") == []
    assert destination.server.count("POST", "/dagRuns") == 2  # those of `findings`


def test_a_dag_of_many_actions_is_asked_about_once(
    destination: AirflowDestination, findings: Findings
) -> None:
    findings("todo.*")

    assert destination.server.count("GET", "/reports/details") == 2  # `findings` asks twice


def test_dags_that_a_message_chooses_are_not_known(findings: Findings) -> None:
    assert findings(dag_id=["todo_{data.note}", lambda message: "x"]) == []


def test_airflow_that_is_down_or_refuses_us_is_reported_as_that(
    destination: AirflowDestination, findings: Findings
) -> None:
    destination.server.script(Fault.CUT, at="/details")
    assert type(failure_of(findings)) is PublisherUnavailable
    destination.server.script(*[as_json({"detail": "Forbidden"}, 403)] * 2, at="/details")
    assert type(failure_of(findings)) is PublisherMisconfigured
