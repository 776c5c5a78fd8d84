"""The configuration of a feeds server without a project."""

from __future__ import annotations

import importlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from dj_actions_stream.server.management.commands.run_feeds_server import Address
from dj_actions_stream.server.site.database_urls import database
from dj_actions_stream.server.site.environment import SETTINGS, set_defaults
from dj_actions_stream.server.site.secret_file import kept_secret
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

VARIABLES = ("API_KEY", "API_SECRET", "DATABASE_URL", "ALLOWED_HOSTS", "BROWSER", "CONFIG")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Set first, so that what the code sets is undone after the test.
    for name in VARIABLES:
        monkeypatch.setenv(f"FEEDS_{name}", "")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", SETTINGS)
    monkeypatch.setenv("FEEDS_DIRECTORY", str(tmp_path / "kept"))


def settings() -> dict[str, Any]:
    # Executed again, if another test has imported it.
    return vars(importlib.reload(importlib.import_module(SETTINGS)))


def test_a_server_starts_without_any_configuration(tmp_path: Path) -> None:
    set_defaults()
    configured = settings()

    assert configured["FEEDS_SERVER"]["API_KEY"] == "development"
    assert len(configured["FEEDS_SERVER"]["API_SECRET"]) == 64
    assert configured["FEEDS_SERVER"]["BROWSER"] is True
    assert configured["DATABASES"]["default"]["NAME"] == str(tmp_path / "kept/feeds.sqlite3")
    assert configured["DATABASES"]["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_the_secret_is_kept_for_its_owner(tmp_path: Path) -> None:
    first = kept_secret(tmp_path / "secret")

    assert kept_secret(tmp_path / "secret") == first
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    (tmp_path / "secret").write_text("")
    with pytest.raises(ImproperlyConfigured, match="empty"):
        kept_secret(tmp_path / "secret")


def test_the_environment_takes_precedence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FEEDS_API_KEY", "key")
    monkeypatch.setenv("FEEDS_API_SECRET", "secret")
    monkeypatch.setenv("FEEDS_BROWSER", "0")
    monkeypatch.setenv("FEEDS_DATABASE_URL", "postgres://a:b%40c@h:5/name?sslmode=require")
    set_defaults()
    configured = settings()

    assert configured["FEEDS_SERVER"] == {
        "API_KEY": "key",
        "API_SECRET": "secret",
        "BROWSER": False,
    }
    assert list((tmp_path / "kept").iterdir()) == []
    default = configured["DATABASES"]["default"]
    found = [default[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME", "OPTIONS")]
    assert found == ["a", "b@c", "h", "5", "name", {"sslmode": "require"}]


def test_a_project_keeps_its_own_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "project.settings")
    set_defaults()

    assert not (tmp_path / "kept").exists()


def test_a_file_has_the_other_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "feeds.json"
    monkeypatch.setenv("FEEDS_CONFIG", str(file))
    file.write_text(json.dumps({"GROUPS": {"todo": "flat"}, "BROWSER": False}))
    configured = settings()["FEEDS_SERVER"]
    assert (configured["GROUPS"], configured["BROWSER"]) == ({"todo": "flat"}, False)

    for text in ("[]", "{"):
        file.write_text(text)
        with pytest.raises(ImproperlyConfigured, match="FEEDS_CONFIG"):
            settings()


@pytest.mark.parametrize(
    "url",
    ["x", "mysql://h/x", "postgres://u:hidden@h", "sqlite://", "sqlite://h/x", "postgres://h:p/x"],
)
def test_a_wrong_database_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="FEEDS_DATABASE_URL") as caught:
        database(url)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "bind", "port", "is_loopback"),
    [
        ("9000", "127.0.0.1", 9000, True),
        ("localhost:0", "127.0.0.1", 0, True),
        ("127.0.0.2:80", "127.0.0.2", 80, True),
        ("[::1]:80", "::1", 80, True),
        ("0.0.0.0:80", "0.0.0.0", 80, False),  # noqa: S104 - it is only parsed
        ("[::]:80", "::", 80, False),
        ("feeds:80", "feeds", 80, False),
    ],
)
def test_an_address(text: str, bind: str, port: int, is_loopback: bool) -> None:
    address = Address.parse(text)

    assert (address.bind, address.port, address.is_loopback) == (bind, port, is_loopback)


@pytest.mark.parametrize("text", ["", "x", "localhost", ":80", "localhost:99999", "::1:80"])
def test_a_wrong_address_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="localhost:9000"):
        Address.parse(text)
