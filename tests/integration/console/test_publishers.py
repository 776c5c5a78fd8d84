"""Publishers: their settings without secrets, pause and resume, the test of a connection."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from dj_actions.models import PublisherState
from tests.fixtures.outbox import MEMORY, operations

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

PAGE = reverse("dj_actions_console:publisher", args=["memory"])


def test_a_publisher_is_paused_and_resumed_with_a_reason(browser: Client) -> None:
    assert browser.post(PAGE, {"act": "pause", "reason": ""}).status_code == 400
    assert browser.post(PAGE, {"act": "pause", "reason": "it moves"}).status_code == 303
    assert PublisherState.objects.get(alias="memory").pause_reason == "it moves"
    assert "it moves" in browser.get(PAGE).content.decode()
    browser.post(PAGE, {"act": "resume", "reason": "moved"})
    assert PublisherState.objects.get(alias="memory").paused_at is None
    assert [event.label for event in operations()] == ["publisher.pause", "publisher.resume"]


def test_the_connection_is_tested(browser: Client) -> None:
    page = browser.post(PAGE, {"act": "test"}, follow=True)
    assert "memory has no such test." in page.content.decode()


def test_secrets_are_masked_at_any_depth(settings: Settings, browser: Client) -> None:
    options = {
        "api_secret": "hush-1",
        "headers": {"Authorization": "hush-2", "Accept": "text/plain"},
        "chain": [{"client_secret": "hush-3"}],
        "base_url": "https://example.com",
    }
    settings.DJ_ACTIONS = {"PUBLISHERS": {"memory": {"BACKEND": MEMORY, "OPTIONS": options}}}
    text = browser.get(PAGE).content.decode()
    assert "hush" not in text
    assert "https://example.com" in text
    assert "text/plain" in text


def test_an_unknown_publisher_is_not_found(browser: Client) -> None:
    page = reverse("dj_actions_console:publisher", args=["nobody"])
    assert browser.get(page).status_code == 404
    assert browser.post(page, {"act": "pause", "reason": "x"}).status_code == 404
