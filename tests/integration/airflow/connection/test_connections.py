"""Ways to reach an Airflow: tokens, headers, identity providers and paths."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dj_actions.exceptions import (
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
    RateLimited,
)
from dj_actions.testing.contract import make_message
from tests.fixtures.destinations import failure_of, serve, words_of
from tests.fixtures.scripted_server import Answer, Fault, Request, Step, as_json, as_page
from tests.integration.airflow.destination import PASSWORD, TOKEN, USERNAME, AirflowDestination
from tests.integration.airflow.services import (
    API_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    Gateway,
    KeycloakManager,
    identity_provider,
)

CLIENT = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture
def gateway(direct_connections: None) -> Iterator[Gateway]:
    """An Airflow behind a gateway that checks tokens."""
    yield from serve(Gateway())


@pytest.fixture
def keycloak(direct_connections: None) -> Iterator[KeycloakManager]:
    """An Airflow with Keycloak's auth manager."""
    yield from serve(KeycloakManager())


def test_a_token_is_sent_as_it_is(gateway: Gateway) -> None:
    publisher = gateway.make(token=f"{API_TOKEN}\n")
    receipt = publisher.publish(make_message())

    assert [run.detail for run in publisher.track([receipt])] == ["queued"]
    assert gateway.server.count("POST", TOKEN) == 0


def test_a_token_that_has_expired_stops_the_lane(gateway: Gateway) -> None:
    publisher = gateway.make(token=API_TOKEN)
    gateway.expire()
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert "Jwt is expired" in str(error)
    assert API_TOKEN not in words_of(error)
    assert gateway.server.count("GET", "/details") == 1
    assert gateway.server.count("POST", "/dagRuns") == 0


def test_a_function_is_asked_again_when_its_token_is_refused(gateway: Gateway) -> None:
    publisher = gateway.make(token=gateway.issue)
    publisher.publish(make_message())
    publisher.publish(make_message())
    assert gateway.tokens_issued == 1
    gateway.expire()
    publisher.publish(make_message())

    assert (gateway.tokens_issued, len(gateway.runs)) == (2, 3)


def test_a_function_whose_token_is_refused_again_stops_the_lane(gateway: Gateway) -> None:
    tokens = iter(["wrong-1", "wrong-2"])
    publisher = gateway.make(token=lambda: next(tokens))
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert not list(tokens)  # both for the params of the DAG
    assert "wrong-1" not in words_of(error)


@pytest.mark.parametrize("seconds", [-1.0, 29.0, 31.0, 3600.0])
@pytest.mark.parametrize("is_datetime", [True, False])
def test_a_function_is_asked_again_before_its_token_expires(
    gateway: Gateway, seconds: float, is_datetime: bool
) -> None:
    def issue() -> tuple[str, datetime | float]:
        expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
        return gateway.issue(), expires_at if is_datetime else expires_at.timestamp()

    publisher = gateway.make(token=issue)
    for _ in range(3):
        publisher.publish(make_message())

    # One of them to read the params of the DAG.
    assert gateway.tokens_issued == (4 if seconds < 0 else 1)


def test_half_a_minute_before_its_end_a_token_is_not_used_any_more(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    publisher = gateway.make(token=lambda: (gateway.issue(), now + 3600))
    publisher.publish(make_message())
    for later, issued in [(3569, 1), (3571, 2)]:
        monkeypatch.setattr(
            "dj_actions_airflow.connection.authentication.time.time",
            lambda later=later: now + later,
        )
        publisher.publish(make_message())
        assert gateway.tokens_issued == issued


@pytest.mark.parametrize(
    ("value", "ours"),
    [
        (OSError("the vault is sealed"), PublisherUnavailable),
        (RateLimited("later"), RateLimited),
        (None, PublisherMisconfigured),
        ("", PublisherMisconfigured),
        ("a\nb", PublisherMisconfigured),
        (b"hush-hush", PublisherMisconfigured),
        (("hush-hush", "soon"), PublisherMisconfigured),
        (("hush-hush", float("nan")), PublisherMisconfigured),
        (("hush-hush", datetime(2027, 1, 1)), PublisherMisconfigured),  # noqa: DTZ001
        (("hush-hush", 1, 2), PublisherMisconfigured),
    ],
    ids=repr,
)
def test_a_function_without_a_token_sends_nothing(
    gateway: Gateway, value: Any, ours: type[PublishError]
) -> None:
    def issue() -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    error = failure_of(lambda: gateway.make(token=issue).publish(make_message()))

    assert type(error) is ours
    assert gateway.server.requests == []
    assert "hush" not in words_of(error)


def test_headers_are_sent_with_each_request(destination: AirflowDestination) -> None:
    publisher = destination.make(headers={"X-Api-Key": "gateway-key"})
    publisher.track([publisher.publish(make_message())])

    sent = [request.headers.get("X-Api-Key") for request in destination.server.requests]
    assert destination.server.requests[0].path == TOKEN
    assert len(sent) > 4
    assert set(sent) == {"gateway-key"}
    assert destination.server.requests[-1].headers["Authorization"] == "Bearer token-1"


def test_a_function_of_headers_is_asked_again_when_they_are_refused(gateway: Gateway) -> None:
    publisher = gateway.make(headers=lambda: {"Authorization": f"Bearer {gateway.issue()}"})
    publisher.publish(make_message())
    gateway.expire()
    publisher.publish(make_message())

    assert gateway.tokens_issued == 2


def test_headers_that_a_proxy_refuses_are_renewed_beside_a_password(
    destination: AirflowDestination,
) -> None:
    numbers = iter(range(1, 9))
    publisher = destination.make(headers=lambda: {"Proxy-Authorization": f"Bearer {next(numbers)}"})
    publisher.publish(make_message())
    destination.server.script(as_page(401), at="/dagRuns")
    publisher.publish(make_message())

    sent = [request.headers.get("Proxy-Authorization") for request in destination.server.requests]
    assert sent[-1] == "Bearer 2"
    assert len(destination.runs) == 2


def test_headers_that_are_refused_when_a_token_is_issued_are_renewed_for_the_next_message(
    destination: AirflowDestination,
) -> None:
    numbers = iter(range(1, 9))
    publisher = destination.make(headers=lambda: {"Proxy-Authorization": f"Bearer {next(numbers)}"})
    destination.server.script(as_page(401), at=TOKEN)
    error = failure_of(lambda: publisher.publish(make_message()))
    assert type(error) is PublisherMisconfigured
    assert "Correct base_url, username, password or headers." in str(error)
    publisher.publish(make_message())

    sent = [request.headers.get("Proxy-Authorization") for request in destination.server.requests]
    assert set(sent[1:]) == {"Bearer 2"}
    assert len(destination.runs) == 1


@pytest.mark.parametrize("headers", [None, "X: y", {"X": 7}, {"X": "a\nb"}, ["X"], ({}, "soon")])
def test_a_function_without_headers_sends_nothing(gateway: Gateway, headers: Any) -> None:
    publisher = gateway.make(headers=lambda: headers)

    assert type(failure_of(lambda: publisher.publish(make_message()))) is PublisherMisconfigured
    assert gateway.server.requests == []


def test_basic_sends_the_password_with_each_request(gateway: Gateway) -> None:
    pair = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()

    def accepts(request: Request) -> bool:
        return request.headers.get("Authorization") == f"Basic {pair}"

    gateway.accepts = accepts  # type: ignore[method-assign]  # another scheme
    gateway.make(username=USERNAME, password=PASSWORD, basic=True).publish(make_message())
    publisher = gateway.make(username=USERNAME, password="wrong-password", basic=True)
    error = failure_of(lambda: publisher.publish(make_message()))

    assert len(gateway.runs) == 1
    assert type(error) is PublisherMisconfigured
    assert gateway.server.count("POST", TOKEN) == 0


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_airflow_under_a_path_is_reached(destination: AirflowDestination, slash: str) -> None:
    destination.prefix = "/team-a/airflow"
    url = f"{destination.server.url}/team-a/airflow"
    publisher = destination.make(base_url=f"{url}{slash}")
    receipt = publisher.publish(make_message())

    assert [run.detail for run in publisher.track([receipt])] == ["queued"]
    assert receipt.url == f"{url}/dags/reports/runs/{receipt.id}"
    assert destination.server.requests[0].path == f"/team-a/airflow{TOKEN}"


def test_airflow_issues_a_token_for_a_client_of_keycloak(keycloak: KeycloakManager) -> None:
    publisher = keycloak.make()
    publisher.publish(make_message())
    keycloak.expire()
    publisher.publish(make_message())

    assert (keycloak.tokens_issued, len(keycloak.runs)) == (2, 2)


def test_a_wrong_secret_of_a_client_stops_the_lane(keycloak: KeycloakManager) -> None:
    credentials = {"client_id": CLIENT_ID, "client_secret": "wrong-secret"}
    publisher = keycloak.make(client_credentials=credentials)
    error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is PublisherMisconfigured
    assert f"refused the client {CLIENT_ID!r}" in str(error)
    assert "wrong-secret" not in words_of(error)


@pytest.mark.parametrize("scope", [None, "airflow profile"])
def test_an_identity_provider_issues_tokens(gateway: Gateway, scope: str | None) -> None:
    headers = {"X-Api-Key": "gateway-key"}
    with identity_provider(gateway) as provider:
        options = CLIENT | {"token_url": provider.url} | ({"scope": scope} if scope else {})
        publisher = gateway.make(client_credentials=options, headers=headers)
        publisher.publish(make_message())
        publisher.publish(make_message())
        assert provider.scopes == [scope]
        assert not any("X-Api-Key" in request.headers for request in provider.server.requests)
        gateway.expire()
        publisher.publish(make_message())

    assert (gateway.tokens_issued, len(gateway.runs)) == (2, 3)


@pytest.mark.parametrize(
    ("expires_in", "tokens"), [(0, 4), (-5, 4), (60, 1), (None, 1), ("60", 1), (1e400, 1)]
)
def test_tokens_of_a_provider_expire_when_it_says_so(
    gateway: Gateway, expires_in: object, tokens: int
) -> None:
    with identity_provider(gateway, expires_in=expires_in) as provider:
        publisher = gateway.make(client_credentials=CLIENT | {"token_url": provider.url})
        for _ in range(3):
            publisher.publish(make_message())

    assert gateway.tokens_issued == tokens


@pytest.mark.parametrize(
    ("step", "ours"),
    [
        pytest.param(Fault.CUT, PublisherUnavailable, id="cut"),
        pytest.param(as_page(503), PublisherUnavailable, id="503"),
        pytest.param(as_page(429), RateLimited, id="429"),
        pytest.param(as_json({"error": "invalid_client"}, 401), PublisherMisconfigured, id="401"),
        pytest.param(as_page(302, location="/login"), PublisherMisconfigured, id="302"),
        pytest.param(as_page(200), PublisherUnavailable, id="page"),
        pytest.param(as_json({"access_token": "a\nb"}), PublisherUnavailable, id="a bad token"),
        pytest.param(as_json({"access_token": 7}), PublisherUnavailable, id="a number"),
    ],
)
def test_a_provider_without_a_token_sends_nothing(
    gateway: Gateway, step: Step, ours: type[PublishError]
) -> None:
    with identity_provider(gateway) as provider:
        provider.server.script(step)
        publisher = gateway.make(client_credentials=CLIENT | {"token_url": provider.url})
        error = failure_of(lambda: publisher.publish(make_message()))

    assert type(error) is ours
    assert gateway.server.requests == []
    assert CLIENT_SECRET not in words_of(error)


def test_a_forbidden_page_of_a_gateway_does_not_renew_the_token(gateway: Gateway) -> None:
    gateway.server.script(as_page(403), at="/dagRuns")
    publisher = gateway.make(token=gateway.issue)

    assert type(failure_of(lambda: publisher.publish(make_message()))) is PublisherMisconfigured
    assert gateway.tokens_issued == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {1, 2}, object()])
def test_what_is_not_json_is_a_fault_of_the_message(
    destination: AirflowDestination, value: Any
) -> None:
    client = destination.client()
    error = failure_of(
        lambda: client.call("POST", "/dags", body={"x": value}, failure="Airflow did nothing")
    )

    assert type(error) is PublishRejected
    assert destination.server.requests == []


def test_text_is_sent_as_utf_8(destination: AirflowDestination) -> None:
    destination.server.script(as_json({}), at="/dags")
    destination.client().call("POST", "/dags", body={"x": "é" * 1000}, failure="Nothing")

    request = destination.server.requests[-1]
    assert request.body == {"x": "é" * 1000}
    assert int(request.headers["Content-Length"]) < 2100


def test_a_response_with_a_body_that_was_not_expected_is_ignored(
    destination: AirflowDestination,
) -> None:
    destination.server.script(Answer(status=204, headers={"X-Note": "deleted"}), at="/dags")

    assert destination.client().call("DELETE", "/dags/x", failure="Nothing") == {}
