"""What is wrong with the options of a connection is found before a request is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dj_actions_airflow.connection.options import Connection, function_of, names_function

from dj_actions.exceptions import PublisherMisconfigured
from tests.fixtures.certificates import Authority
from tests.fixtures.destinations import words_of
from tests.unit.airflow.test_publisher import findings, make_publisher

SECURE = "https://airflow.example.com"
CLIENT = {"client_id": "dj", "client_secret": "hush-hush"}
HERE = "tests.unit.airflow.connection.test_options"


def a_token() -> str:
    """Return a token."""
    return "hush-hush"


NOT_A_FUNCTION = "hush-hush"


@pytest.mark.parametrize(
    "options",
    [
        {"username": "ann", "password": "hush-hush", "basic": True},
        {"token": "hush-hush"},
        {"token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.signature"},
        {"token": f"{HERE}.a_token"},
        {"token": a_token},
        {"client_credentials": CLIENT},
        {"client_credentials": {**CLIENT, "scope": "a b", "token_url": "https://id.example.com/t"}},
        {"headers": {"X-Api-Key": "hush-hush"}},
        {"headers": {"Authorization": "Custom hush-hush"}},
        {"headers": {"Proxy-Authorization": "Bearer x"}, "token": "hush-hush"},
        {"headers": f"{HERE}.a_token"},
        {"verify": True},
    ],
)
def test_ways_to_authenticate_have_no_findings(options: dict[str, Any]) -> None:
    assert findings(**options) == []


@pytest.mark.parametrize(
    "options",
    [
        {"username": "ann", "password": "x", "token": "hush-hush"},
        {"username": "ann", "password": "x", "client_credentials": CLIENT},
        {"token": a_token, "client_credentials": CLIENT},
    ],
)
def test_two_ways_to_authenticate_are_found(options: dict[str, Any]) -> None:
    assert findings(**options) == ["dj_actions_airflow.E021"]


def test_basic_without_a_password_is_found() -> None:
    assert findings(basic=True) == ["dj_actions_airflow.E002"]


@pytest.mark.parametrize(
    "token",
    [
        "hush\nhush",
        "hush-hush\x00",
        "hüsch",
        7,
        "no_such_package.function",
        f"{HERE}.no_such_function",
        f"{HERE}.NOT_A_FUNCTION",
    ],
)
def test_a_token_that_cannot_be_one_is_found(token: Any) -> None:
    assert findings(token=token) == ["dj_actions_airflow.E022"]


@pytest.mark.parametrize(
    "credentials",
    [
        {"client_id": "dj"},
        {"client_secret": "hush-hush"},
        {**CLIENT, "client_secret": ""},
        {**CLIENT, "client_secret": None},
        {**CLIENT, "audience": "airflow"},
        {**CLIENT, "token_url": "id.example.com/token"},
        {**CLIENT, "token_url": "https://ann:hush-hush@id.example.com/token"},
        {7: 8},
        "hush-hush",
        ["client_id", "client_secret"],
    ],
)
def test_client_credentials_that_cannot_be_sent_are_found(credentials: Any) -> None:
    assert findings(client_credentials=credentials) == ["dj_actions_airflow.E023"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Api-Key": "hush\r\nhush"},
        {"X-Api-Key": ""},
        {"X-Api-Key": " hush-hush"},
        {"X Api Key": "hush-hush"},
        {"": "hush-hush"},
        {"X-Api-Key": 7},
        {7: "hush-hush"},
        {"Content-Type": "text/plain"},
        ["X-Api-Key", "hush-hush"],
        "X-Api-Key: hush-hush",
        f"{HERE}.no_such_function",
    ],
)
def test_headers_that_cannot_be_sent_are_found(headers: Any) -> None:
    assert findings(headers=headers) == ["dj_actions_airflow.E024"]


def test_a_header_that_another_option_sets_is_found() -> None:
    headers = {"authorization": "Bearer x"}

    assert findings(headers=headers, token="hush-hush") == ["dj_actions_airflow.E024"]


def test_certificates_have_no_findings(authority: Authority) -> None:
    client = authority.issue("relay")
    together = authority.folder / "both.pem"
    together.write_bytes(client.certificate.read_bytes() + client.key.read_bytes())
    for options in (
        {"ca_cert": authority.certificate},
        {"client_cert": client.certificate, "client_key": str(client.key)},
        {"client_cert": together},
        {"ca_cert": authority.certificate, "client_cert": together},
    ):
        assert findings(base_url=SECURE, **options) == []


Options = Callable[[Authority, Path], dict[str, Any]]


@pytest.mark.parametrize(
    "options_of",
    [
        pytest.param(lambda _, path: {"ca_cert": path / "none.pem"}, id="no such file"),
        pytest.param(lambda _, path: {"ca_cert": path}, id="a folder"),
        pytest.param(lambda pki, _: {"ca_cert": pki.key}, id="a key as certificate"),
        pytest.param(lambda pki, _: {"client_cert": pki.certificate}, id="no key"),
        pytest.param(lambda pki, _: {"client_key": pki.key}, id="no certificate"),
        pytest.param(
            lambda pki, _: {"client_cert": pki.issue("a").certificate, "client_key": pki.key},
            id="another key",
        ),
        pytest.param(
            lambda pki, _: {
                "client_cert": (pair := pki.issue("a")).certificate,
                "client_key": pair.encrypted_key,
            },
            id="an encrypted key",
        ),
        pytest.param(
            lambda pki, _: {"ca_cert": pki.certificate, "base_url": "http://airflow"}, id="no TLS"
        ),
        pytest.param(lambda pki, _: {"ca_cert": pki.certificate, "verify": False}, id="both"),
        pytest.param(lambda pki, _: {"verify": str(pki.certificate)}, id="a path to verify"),
        pytest.param(lambda _, __: {"verify": None}, id="no boolean"),
    ],
)
def test_certificates_that_cannot_be_used_are_found(
    authority: Authority, tmp_path: Path, options_of: Options
) -> None:
    options = {"base_url": SECURE} | options_of(authority, tmp_path)

    assert findings(**options) == ["dj_actions_airflow.E025"]


def test_an_unverified_certificate_is_a_warning() -> None:
    assert findings(base_url=SECURE, verify=False) == ["dj_actions_airflow.W021"]


WRONG: list[dict[str, Any]] = [
    {"base_url": "airflow", "token": "hush-hush"},
    {"token": "hush-hush\n."},
    {"username": "ann", "password": "hush-hush", "token": "hush-hush"},
    {"client_credentials": {**CLIENT, "audience": "hush-hush"}},
    {"client_credentials": {**CLIENT, "token_url": "https://ann:hush-hush@id.example.com"}},
    {"client_credentials": "hush-hush"},
    {"headers": {"X-Api-Key": "hush-hush\n"}},
    {"headers": {"authorization": "hush-hush"}, "token": "hush-hush"},
    {"headers": "X: hush-hush"},
]


@pytest.mark.parametrize("options", WRONG)
def test_no_finding_has_a_secret_and_each_one_has_a_hint(options: dict[str, Any]) -> None:
    found = list(make_publisher(**options).check())

    assert found
    assert all(message.hint for message in found)
    assert not any("hush" in f"{message.msg}{message.hint}" for message in found)


@pytest.mark.parametrize("options", WRONG)
def test_what_is_found_stops_a_relay_that_was_started_without_checks(
    options: dict[str, Any],
) -> None:
    with pytest.raises(PublisherMisconfigured) as caught:
        make_publisher(**options).check_reachable()

    assert "OPTIONS" in str(caught.value)
    assert "hush" not in words_of(caught.value)


def test_a_connection_is_shown_without_its_secrets() -> None:
    connection = Connection(
        base_url=SECURE,
        username="ann",
        password="hush-hush",
        token="hush-hush",
        client_credentials=CLIENT,
        headers={"X-Api-Key": "hush-hush"},
    )

    assert "hush" not in repr(connection)


def test_a_function_is_given_itself_or_by_its_path() -> None:
    assert function_of(f"{HERE}.a_token") is function_of(a_token) is a_token
    assert names_function("eyJ.eyJ.x") is False
    assert names_function("nodots") is False
