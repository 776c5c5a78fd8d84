"""The compose file holds together: with itself, and with what it starts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import load_command_class

from dj_actions.conf import Settings
from dj_actions.relay.tuning import RelayTuning
from example.launch.env_file import write_env_file
from tests.packaging import compose_rules as rules
from tests.packaging.compose_stack import Stack, environment, variables

ROOT = Path(__file__).resolve().parents[2]

Rule = Callable[[Stack], list[str]]

RULES: list[Rule] = [
    rules.schema_problems,
    rules.dependency_problems,
    rules.restart_problems,
    rules.port_problems,
    rules.image_problems,
    rules.variable_problems,
    rules.written_secret_problems,
    rules.mount_problems,
    rules.command_problems,
    rules.address_problems,
    rules.airflow_problems,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_compose_file_follows(rule: Rule, stack: Stack) -> None:
    assert rule(stack) == []


def test_every_service_is_explained_on_the_page(stack: Stack) -> None:
    page = (ROOT / "docs/docker.md").read_text()

    assert {name for name in stack.services if f"`{name}`" not in page} == set()


def test_services_are_the_promised_ones(stack: Stack) -> None:
    assert set(stack.services) == {
        "postgres",
        "migrate",
        "web",
        "relay",
        "feeds-migrate",
        "feeds",
        "airflow-volumes",
        "airflow-init",
        "airflow-apiserver",
        "airflow-scheduler",
        "airflow-dag-processor",
    }


@pytest.mark.parametrize(("name", "site"), [("web", "project"), ("feeds", "feeds")])
def test_every_variable_is_read_by_the_site(name: str, site: str, stack: Stack) -> None:
    source = "".join(path.read_text() for path in (ROOT / "example" / site).rglob("*.py"))
    given = environment(stack.services[name]).keys() - {"DJANGO_SETTINGS_MODULE"}

    assert {variable for variable in given if f'"{variable}"' not in source} == set()


def test_relay_has_the_time_and_the_signal_to_stop(stack: Stack) -> None:
    relay = stack.services["relay"]

    assert relay["init"] is True
    grace = float(relay["stop_grace_period"].removesuffix("s"))
    # What is not finished in time is given back after it.
    assert grace >= Settings().stop_timeout + 10


def test_web_and_relay_have_the_same_environment(stack: Stack) -> None:
    web, relay, migrate = (stack.services[name] for name in ("web", "relay", "migrate"))

    assert web["environment"] == relay["environment"] == migrate["environment"]


def test_relay_and_feeds_site_know_each_other(stack: Stack) -> None:
    relay, feeds = (environment(stack.services[name]) for name in ("relay", "feeds"))

    assert relay["STREAM_API_KEY"] == feeds["FEEDS_API_KEY"]
    assert relay["STREAM_API_SECRET"] == feeds["FEEDS_API_SECRET"]
    assert "feeds" in feeds["FEEDS_ALLOWED_HOSTS"].split(",")
    assert "http://feeds:9000" in relay["STREAM_BASE_URL"]


def test_relay_logs_in_as_the_user_airflow_makes(stack: Stack) -> None:
    relay, init = (environment(stack.services[name]) for name in ("relay", "airflow-init"))

    assert relay["AIRFLOW_USERNAME"] == init["_AIRFLOW_WWW_USER_USERNAME"]
    assert relay["AIRFLOW_PASSWORD"] == init["_AIRFLOW_WWW_USER_PASSWORD"]


@pytest.mark.parametrize(("name", "hosts"), [("web", "DJANGO"), ("feeds", "FEEDS")])
def test_health_check_requests_the_port_that_is_served(name: str, hosts: str, stack: Stack) -> None:
    service = stack.services[name]
    bound = next(word for word in service["command"] if word.startswith("--bind="))
    port = bound.rpartition(":")[2]

    assert f"http://127.0.0.1:{port}/healthz" in service["healthcheck"]["test"][-1]
    assert str(service["ports"][0]).endswith(f":{port}")
    assert "127.0.0.1" in service["environment"][f"{hosts}_ALLOWED_HOSTS"].split(",")


def test_the_health_check_of_the_relay_reads_its_heartbeat(stack: Stack) -> None:
    test = stack.services["relay"]["healthcheck"]["test"]
    assert test[:4] == ["CMD", "python", "example/manage.py", "relay_health"]
    # As the command itself reads it.
    parser = load_command_class("dj_actions", "relay_health").create_parser("manage.py", "x")
    assert parser.parse_args(test[4:]).max_age > RelayTuning().heartbeat_interval


def test_the_database_that_proves_health_is_made_last(stack: Stack) -> None:
    made = re.findall(
        r"^CREATE DATABASE (\w+);", (ROOT / "docker/create-databases.sql").read_text(), re.MULTILINE
    )

    assert made == ["djactions", "feeds", "airflow"]
    assert f"--dbname={made[-1]}" in stack.services["postgres"]["healthcheck"]["test"]


def test_airflow_runs_what_is_triggered(stack: Stack) -> None:
    scheduler = stack.services["airflow-scheduler"]
    settings = scheduler["environment"]

    assert settings["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"] == "false"
    assert "./dags:/opt/airflow/dags:ro" in scheduler["volumes"]
    assert f"airflow-reports:{settings['TODO_REPORTS_DIR']}" in scheduler["volumes"]
    assert settings["TODO_REPORTS_DIR"] in stack.services["airflow-volumes"]["command"]


def test_make_env_gives_every_secret_the_file_demands(stack: Stack, tmp_path: Path) -> None:
    write_env_file(ROOT / ".env.example", tmp_path / ".env")
    pairs = (
        line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines() if "=" in line
    )
    values = {name: value for name, value in pairs if not name.startswith("#")}

    assert all(values[name] for name in variables(stack.compose))
