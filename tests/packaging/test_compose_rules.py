"""Each rule would notice if the compose file did not follow it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.packaging import compose_rules as rules
from tests.packaging.compose_stack import Stack

Rule = Callable[[Stack], list[str]]


def own_copy(stack: Stack) -> dict[str, Any]:
    """Return the file without its anchors: no two services share a part of it."""
    copied: dict[str, Any] = json.loads(json.dumps(stack.compose))
    return copied


def broken(stack: Stack, path: str, value: Any) -> Stack:
    """Return a copy of the stack in which the place `path` (a/b/c) holds `value`."""
    compose = own_copy(stack)
    *parents, last = path.split("/")
    node = compose
    for parent in parents:
        node = node[parent]
    node[last] = value
    return replace(stack, compose=compose)


BREAKAGES: list[tuple[Rule, str, Any, str]] = [
    (rules.schema_problems, "services/web/helthcheck", {}, "helthcheck"),
    (rules.schema_problems, "services/web/depends_on/migrate/condition", "done", "done"),
    (
        rules.dependency_problems,
        "services/web/depends_on",
        {"migrations": {"condition": "service_completed_successfully"}},
        "web waits for migrations, which does not exist",
    ),
    (
        rules.dependency_problems,
        "services/postgres/healthcheck",
        {},
        "web waits for the health of postgres, which has no health check",
    ),
    (
        rules.dependency_problems,
        "services/migrate/restart",
        "unless-stopped",
        "web waits for the end of migrate, which is started again whenever it ends",
    ),
    (rules.dependency_problems, "services/postgres/restart", "no", "of postgres, which ends"),
    (rules.restart_problems, "services/relay/restart", "no", "the success of relay"),
    (rules.restart_problems, "services/relay/restart", "always", "relay says neither"),
    (rules.port_problems, "services/web/ports", ["8000:8000"], "web publishes 8000:8000"),
    (rules.port_problems, "services/web/ports", ["0.0.0.0:8000:8000"], "web publishes 0.0.0.0"),
    (rules.port_problems, "services/web/ports", [{"target": 8000}], "web publishes"),
    (rules.image_problems, "services/postgres/image", "postgres", "neither pinned"),
    (rules.image_problems, "services/postgres/image", "postgres:latest", "neither pinned"),
    (rules.image_problems, "services/web/pull_policy", "missing", "neither pinned"),
    (rules.image_problems, "services/web/image", "another:local", "neither pinned"),
    (
        rules.variable_problems,
        "services/web/environment/DJANGO_DEBUG",
        "${DEBUG:-0}",
        "DEBUG is not in .env.example",
    ),
    (rules.variable_problems, "services/web/ports", [], "WEB_PORT of .env.example is not used"),
    (
        rules.variable_problems,
        "services/web/environment/DJANGO_SECRET_KEY",
        "${DJANGO_SECRET_KEY:-insecure}",
        "DJANGO_SECRET_KEY is a secret",
    ),
    (
        rules.variable_problems,
        "services/web/environment/DJANGO_SECRET_KEY",
        "${DJANGO_SECRET_KEY:?}",
        "say how to make one",
    ),
    (
        rules.written_secret_problems,
        "services/web/environment/AIRFLOW_PASSWORD",
        "admin",
        "web: AIRFLOW_PASSWORD is written into the file",
    ),
    (rules.mount_problems, "services/web/volumes", ["./missing:/data"], "mounts ./missing"),
    (rules.mount_problems, "services/web/volumes", ["missing:/data"], "mounts missing"),
    (
        rules.command_problems,
        "services/relay/command",
        ["python", "example/relay.py"],
        "relay starts example/relay.py",
    ),
    (
        rules.command_problems,
        "services/web/command",
        ["gunicorn", "example.website.wsgi"],
        "web starts example/website/wsgi.py",
    ),
    (
        rules.command_problems,
        "services/feeds-migrate/environment/DJANGO_SETTINGS_MODULE",
        "example.feeds.setings",
        "starts example/feeds/setings.py",
    ),
    (
        rules.address_problems,
        "services/relay/environment/STREAM_BASE_URL",
        "${STREAM_BASE_URL:-http://stream:9000}",
        "relay: no service is called stream",
    ),
    (
        rules.address_problems,
        "services/relay/environment/AIRFLOW_BASE_URL",
        "http://localhost:8080",
        "relay: no service is called localhost",
    ),
    (
        rules.address_problems,
        "services/feeds/environment/FEEDS_DATABASE_URL",
        "postgresql://postgres:x@postgres:5432/stream",
        "feeds: nothing makes the database stream",
    ),
    (
        rules.airflow_problems,
        "services/airflow-scheduler/image",
        "apache/airflow:3.3.1",
        "airflow-scheduler runs apache/airflow:3.3.1",
    ),
    *(
        (
            rules.airflow_problems,
            f"services/airflow-scheduler/environment/{name}",
            "${OTHER:?make one}",
            f"do not share {name}",
        )
        for name in rules.AIRFLOW_SHARED
    ),
]


@pytest.mark.parametrize(("rule", "path", "value", "problem"), BREAKAGES)
def test_rule_refuses_a_broken_copy(
    rule: Rule, path: str, value: Any, problem: str, stack: Stack
) -> None:
    assert problem in "\n".join(rule(broken(stack, path, value)))


def test_the_shared_secret_may_not_be_missing_everywhere(stack: Stack) -> None:
    without = own_copy(stack)
    for service in without["services"].values():
        service.get("environment", {}).pop("AIRFLOW__API_AUTH__JWT_SECRET", None)

    found = rules.airflow_problems(replace(stack, compose=without))

    assert found == ["the Airflow services do not share AIRFLOW__API_AUTH__JWT_SECRET"]
