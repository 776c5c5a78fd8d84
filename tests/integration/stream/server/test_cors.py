"""Calls from web pages of other origins."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from tests.integration.stream.server.calls import API_KEY, FEED, Caller

PAGE = "http://localhost:3000"
PREFLIGHT = {
    "Origin": PAGE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,stream-auth-type",
}


@pytest.mark.parametrize("path", ["feed/user/1/", "activities/", "nowhere/"])
def test_a_preflight_is_answered_without_a_token(path: str) -> None:
    response = Client().options(f"/api/v1.0/{path}?api_key={API_KEY}", headers=PREFLIGHT)

    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == "*"
    assert {"GET", "POST", "PUT", "DELETE"} <= set(
        response["Access-Control-Allow-Methods"].split(", ")
    )
    allowed = set(response["Access-Control-Allow-Headers"].split(", "))
    assert {"authorization", "stream-auth-type", "x-stream-client", "content-type"} <= allowed
    assert "Access-Control-Allow-Credentials" not in response


@pytest.mark.django_db
def test_a_page_may_read_responses_and_errors(call: Caller) -> None:
    for query in ({}, {"limit": "x"}):
        call("GET", FEED, headers={"Origin": PAGE}, query=query)
        assert call.headers["Access-Control-Allow-Origin"] == "*"
        assert "X-RateLimit-Remaining" in call.headers["Access-Control-Expose-Headers"]
    call("GET", FEED, headers={"Origin": PAGE, "Authorization": "none"})
    assert (call.status, call.headers["Access-Control-Allow-Origin"]) == (401, "*")


@pytest.mark.django_db
def test_only_declared_origins_are_allowed(call: Caller, settings: Settings) -> None:
    settings.FEEDS_SERVER = {**settings.FEEDS_SERVER, "ALLOWED_ORIGINS": [PAGE]}
    call("GET", FEED, headers={"Origin": PAGE})
    assert call.headers["Access-Control-Allow-Origin"] == PAGE
    assert call.headers["Vary"] == "Origin"

    for headers in ({"Origin": "http://elsewhere"}, {}):
        call("GET", FEED, headers=headers)
        assert "Access-Control-Allow-Origin" not in call.headers
        assert (call.status, call.headers["Vary"]) == (200, "Origin")


def test_other_pages_of_the_server_are_not_for_other_origins(settings: Settings) -> None:
    settings.DEBUG = True
    response = Client().get("/browser/tokens/?user_id=1", headers={"Origin": PAGE})

    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response
