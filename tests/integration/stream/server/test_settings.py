"""The setting FEEDS_SERVER, its system checks, and the settings of the example site."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from dj_actions_stream.server.checks import (
    check_credentials,
    check_groups,
    check_origins,
    check_rate_limits,
    check_time_zone,
)
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from tests.integration.stream.server.calls import FEED, Caller

ENVIRONMENT = {
    "FEEDS_SECRET_KEY": "secret",
    "FEEDS_API_KEY": "key",
    "FEEDS_API_SECRET": "secret-of-more-than-thirty-two-bytes",
    "FEEDS_DATABASE_URL": "sqlite:///feeds.sqlite3",
}


def found_in(configured: Any, settings: Settings) -> list[str | None]:
    settings.FEEDS_SERVER = configured
    messages = list(check_credentials())
    assert all(message.hint for message in messages)
    return [message.id for message in messages]


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ({"API_KEY": "key", "API_SECRET": "s" * 32}, []),
        ({"API_KEY": "key", "API_SECRET": "short"}, ["feeds_server.W001"]),
        ({"API_KEY": "key"}, ["feeds_server.E001"]),
        ({"API_KEY": "", "API_SECRET": 5}, ["feeds_server.E001"] * 2),
        ({}, ["feeds_server.E001"] * 2),
        (None, ["feeds_server.E001"] * 2),
        ({"API_KEY": "key", "API_SECRET": "s" * 32, "KEY": "x"}, ["feeds_server.E002"]),
    ],
)
def test_the_check_reports_each_problem(
    settings: Settings, configured: Any, expected: list[str]
) -> None:
    assert found_in(configured, settings) == expected


@pytest.mark.django_db
def test_the_checks_run_with_all_others(settings: Settings) -> None:
    settings.FEEDS_SERVER, settings.USE_TZ = {"API_KEY": "key"}, False

    found = {message.id for message in run_checks()}
    assert {"feeds_server.E001", "feeds_server.E003"} <= found


def test_the_server_requires_time_zones(settings: Settings) -> None:
    assert list(check_time_zone()) == []
    settings.USE_TZ = False
    (message,) = check_time_zone()
    assert message.id == "feeds_server.E003"


def test_without_the_setting_a_request_is_refused_in_json(call: Caller, settings: Settings) -> None:
    settings.FEEDS_SERVER = {}

    assert call("GET", FEED)["code"] == -1


def site(monkeypatch: pytest.MonkeyPatch, **changes: str) -> dict[str, Any]:
    for name, value in {**ENVIRONMENT, **changes}.items():
        monkeypatch.setenv(name, value)
    return runpy.run_module("example.feeds.settings")


@pytest.mark.parametrize("name", list(ENVIRONMENT))
def test_the_site_reports_a_missing_variable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        site(monkeypatch, **{name: ""})


@pytest.mark.parametrize("url", ["nonsense", "nonsense://x/y", "postgres://u:hidden@h:port/x"])
def test_the_site_refuses_a_wrong_database(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="FEEDS_DATABASE_URL") as caught:
        site(monkeypatch, FEEDS_DATABASE_URL=url)
    assert "hidden" not in str(caught.value)


def test_the_site_on_sqlite_supports_concurrent_writes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configured = site(monkeypatch, FEEDS_DATABASE_URL=f"sqlite:///{tmp_path}/feeds.sqlite3")

    options = configured["DATABASES"]["default"]["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]


def test_the_site_on_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    configured = site(
        monkeypatch,
        FEEDS_DATABASE_URL="postgres://user@127.0.0.1:5432/feeds",
        FEEDS_ALLOWED_HOSTS="feeds, api.feeds",
    )

    assert configured["DATABASES"]["default"]["NAME"] == "feeds"
    assert {"localhost", "127.0.0.1", "feeds", "api.feeds"} <= set(configured["ALLOWED_HOSTS"])


@pytest.mark.parametrize(
    ("host", "path", "status"), [("localhost", "/nowhere", 404), ("elsewhere", "/healthz", 400)]
)
def test_the_site_responds_in_json_outside_the_api_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, host: str, path: str, status: int
) -> None:
    configured = site(monkeypatch)
    for name in ("ROOT_URLCONF", "ALLOWED_HOSTS", "MIDDLEWARE", "APPEND_SLASH"):
        setattr(settings, name, configured[name])
    response = Client(headers={"Host": host}).get(path)

    assert (response.status_code, response["Content-Type"]) == (status, "application/json")
    assert response.json()["exception"]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("GROUPS", {"todo": "flat", "inbox": {"TYPE": "notification"}}, []),
        ("GROUPS", {"todo": "flat", "a": "list", "b": None}, ["feeds_server.E004"] * 2),
        ("GROUPS", ["todo"], ["feeds_server.E004"]),
        ("GROUPS", {"to-do": "flat"}, ["feeds_server.E004"]),
        ("GROUPS", {"todo": {"TYPE": "flat", "FORMAT": ""}}, ["feeds_server.E004"]),
        ("GROUPS", {"a": {"TYPE": "aggregated", "AGGREGATION": "{{ x"}}, ["feeds_server.E004"]),
        ("GROUPS", {"a": {"TYPE": "flat", "AGGREGATION": "{{ verb }}"}}, ["feeds_server.E004"]),
        (
            "GROUPS",
            {"a": {"TYPE": "flat", "RANKINGS": {"r": {"score": "("}}}},
            ["feeds_server.E004"],
        ),
        (
            "GROUPS",
            {"a": {"TYPE": "aggregated", "RANKINGS": {"r": {"score": "1"}}}},
            ["feeds_server.E004"],
        ),
        ("RATE_LIMITS", "hosted", []),
        ("RATE_LIMITS", {"read_feed": 5, "follow": {"hour": 9}}, []),
        ("RATE_LIMITS", {"reed_feed": 5, "follow": {"day": 9}}, ["feeds_server.E005"] * 2),
        ("RATE_LIMITS", {"read_feed": 0, "follow": True, "users": {}}, ["feeds_server.E005"] * 3),
        ("RATE_LIMITS", 5, ["feeds_server.E005"]),
        ("ALLOWED_ORIGINS", ["http://localhost:3000"], []),
        ("ALLOWED_ORIGINS", "http://localhost:3000", ["feeds_server.E006"]),
    ],
)
def test_the_checks_report_what_is_declared_wrongly(
    settings: Settings, key: str, value: Any, expected: list[str]
) -> None:
    settings.FEEDS_SERVER = {"API_KEY": "key", "API_SECRET": "s" * 32, key: value}
    messages = [
        message
        for check in (check_credentials, check_groups, check_rate_limits, check_origins)
        for message in check()
    ]

    assert [message.id for message in messages] == expected
    assert all(message.hint for message in messages)
