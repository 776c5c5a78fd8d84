"""Errors in a configuration or a message are reported before a request is sent."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from dj_actions_airflow import AirflowPublisher

from dj_actions.exceptions import DestinationNotFound, PublishRejected
from dj_actions.testing.contract import make_message

NOWHERE = "http://127.0.0.1:1"


def make_publisher(**options: Any) -> AirflowPublisher:
    """Return a publisher whose server does not exist."""
    return AirflowPublisher(alias="pipelines", **({"base_url": NOWHERE} | options))


def findings(**options: Any) -> list[str | None]:
    """Return the ids of the check messages."""
    return [found.id for found in make_publisher(**options).check()]


def route_findings(options: dict[str, Any], **defaults: Any) -> list[str | None]:
    """Return the ids of the check messages about a route."""
    return [found.id for found in make_publisher(**defaults).check_route(options, "The route")]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"username": "ann", "password": "word"},
        {"base_url": "https://airflow.example.com/"},
        {"base_url": "http://[::1]:8080"},
        {"dag_id": "reports", "public_url": "https://airflow.example.com/ui"},
    ],
)
def test_a_good_configuration_has_no_findings(options: dict[str, Any]) -> None:
    assert findings(**options) == []


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "localhost:8080",
        "airflow",
        "http://",
        "ftp://airflow",
        "http://airflow/api/v2",
        "http://airflow?x=1",
        "http://airflow#x",
        "http://[::1",
        "http://airflow:port",
        "http://airflow:99999",
        "http://ann:word@airflow",
        "http://x..y:8080",
        "http://.airflow",
        f"http://{'a' * 64}.example.com",
        "http://air flow",
    ],
)
def test_an_address_that_cannot_work_is_found(base_url: str) -> None:
    assert findings(base_url=base_url) == ["dj_actions_airflow.E001"]


@pytest.mark.parametrize("options", [{"username": "ann"}, {"password": "hush-hush"}])
def test_half_a_credential_is_found(options: dict[str, str]) -> None:
    assert findings(**options) == ["dj_actions_airflow.E002"]


@pytest.mark.parametrize(
    ("dag_id", "expected"),
    [
        ("todo_completed", []),
        ("Team-a.todo_completed", []),
        ("é", []),
        ("p odd/é", ["dj_actions_airflow.E003"]),
        ("a" * 251, ["dj_actions_airflow.E003"]),
        ("..", ["dj_actions_airflow.E003"]),
        ("todo\n", ["dj_actions_airflow.E003"]),
        (7, ["dj_actions_airflow.E003"]),
        (["a", "b c"], ["dj_actions_airflow.E003"]),
        (["a", "a"], ["dj_actions_airflow.E009"]),
        ("report_{data.kind}", []),
        ("report_{data.kind", ["dj_actions_airflow.E007"]),
        ("report_{kind}", ["dj_actions_airflow.E007"]),
        ("json:dumps", []),
        ("json:nothing", ["dj_actions_airflow.E008"]),
        ("no_such_module:dag_for", ["dj_actions_airflow.E008"]),
        ("json:decoder", ["dj_actions_airflow.E008"]),
        ("json.dumps", ["dj_actions_airflow.W001"]),
        (lambda message: "a", []),
        ([{"dag_id": "a", "conf": "data"}, "b"], []),
        ([{"dag_id": "a", "config": "data"}], ["dj_actions_airflow.E009"]),
        ([{"conf": "data"}], ["dj_actions_airflow.E004"]),
    ],
)
def test_a_malformed_dag_id_is_found(dag_id: Any, expected: list[str]) -> None:
    assert findings(dag_id=dag_id) == expected
    assert route_findings({"dag_id": dag_id}) == expected


@pytest.mark.parametrize("options", [{}, {"dag_id": ""}, {"dag_id": None}])
def test_a_route_without_a_dag_is_found(options: dict[str, Any]) -> None:
    assert route_findings(options) == ["dj_actions_airflow.E004"]
    assert route_findings(options, dag_id="reports") == []


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"connect_timeout": 0},
        {"max_conf_bytes": 0},
        {"max_conf_bytes": "1"},
    ],
)
def test_a_number_with_which_nothing_is_sent_is_found(options: dict[str, Any]) -> None:
    assert findings(**options) == ["dj_actions_airflow.E005"]


@pytest.mark.parametrize("url", ["airflow", "javascript:alert(1)", "https://", "http://[::1"])
def test_an_address_for_links_that_is_not_one_is_found(url: str) -> None:
    assert findings(public_url=url) == ["dj_actions_airflow.E006"]


def test_each_finding_starts_with_the_setting_and_has_a_hint() -> None:
    found = list(make_publisher(base_url="airflow", username="ann").check())

    assert len(found) == 2
    where = 'DJ_ACTIONS["PUBLISHERS"]["pipelines"]["OPTIONS"]'
    assert all(message.msg.startswith(where) and message.hint for message in found)


def test_no_finding_contains_the_password() -> None:
    address = "http://ann:hush-hush@airflow"
    publisher = make_publisher(base_url=address, public_url=f"{address}/ui", password="hush-hush")

    assert not any("hush-hush" in f"{found.msg}{found.hint}" for found in publisher.check())


def test_a_message_without_a_dag_waits_for_one_and_says_where_to_set_it() -> None:
    with pytest.raises(DestinationNotFound) as why:
        make_publisher().publish(make_message())

    assert "No DAG is configured for todo.mark_done" in str(why.value)
    assert "Set dag_id in ROUTES, or in OPTIONS" in str(why.value)
    assert "A route applies only to events that are recorded after" in str(why.value)


def test_a_large_payload_is_rejected_before_it_is_sent() -> None:
    publisher = make_publisher(dag_id="reports", max_conf_bytes=100)

    with pytest.raises(PublishRejected, match="max_conf_bytes allows 100") as why:
        publisher.publish(make_message())
    assert not why.value.was_sent


def test_tracking_no_receipts_sends_no_request() -> None:
    """An empty pattern of ids would list every run."""
    assert list(make_publisher().track([])) == []


def test_closing_before_the_first_message_is_allowed() -> None:
    make_publisher().close()


def test_the_client_is_loaded_by_the_relay_only() -> None:
    """It takes over a second to import, and every process of a site imports the publisher."""
    code = (
        "import sys; from dj_actions_airflow import AirflowPublisher;"
        f"publisher = AirflowPublisher(alias='pipelines', base_url={NOWHERE!r});"
        "list(publisher.check()); before = 'airflow_client' in sys.modules;"
        "publisher.prepare(); print(before, 'airflow_client' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.stdout.split() == ["False", "True"], done.stderr
