"""What is refused says why: in production, Django's own pages do not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from dj_actions.models import PublisherState
from tests.integration.console.conftest import BrowserOf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

NOBODY = UUID(int=0)


def url(name: str, *arguments: Any) -> str:
    return reverse(f"dj_actions_console:{name}", args=arguments)


@pytest.mark.parametrize(
    ("page", "status", "words"),
    [
        (url("object"), 400, "Name an object"),
        (url("actions") + "?before=x", 400, "&#x27;x&#x27; is not the id of an event."),
        (url("deliveries") + "?before=<b>", 400, "&#x27;&lt;b&gt;&#x27; is not the id of a"),
        (url("event", NOBODY), 404, f"There is no event {NOBODY}; it may have been archived."),
        (url("publisher", "nobody"), 404, "There is no publisher &#x27;nobody&#x27;."),
        (url("action", "todo", "mark_dune"), 404, "mark_dune"),
        (url("current", 1), 404, "There is nothing to look up for delivery 1."),
    ],
)
def test_a_page_that_cannot_be_shown_says_why(
    browser: Client, page: str, status: int, words: str
) -> None:
    response = browser.get(page)

    assert response.status_code == status
    assert words in response.content.decode()
    assert "Dead letters" in response.content.decode()


def test_an_act_without_a_selection_says_what_to_do(browser: Client) -> None:
    response = browser.post(url("act", "replay"))

    assert response.status_code == 400
    assert "Select between 1 and 5000 deliveries." in response.content.decode()


def test_an_act_that_is_not_permitted_says_so(browser_of: BrowserOf) -> None:
    response = browser_of("view_console").post(url("act", "replay"))

    assert response.status_code == 403
    assert "You may not do this in the console" in response.content.decode()


def test_who_may_not_see_the_console_gets_the_page_of_the_site(browser_of: BrowserOf) -> None:
    response = browser_of().get(url("overview"))

    assert response.status_code == 403
    assert "Dead letters" not in response.content.decode()


@pytest.mark.parametrize("form", [{}, {"act": "stop"}, {"act": "PAUSE"}])
def test_an_unknown_act_does_not_resume_a_publisher(browser: Client, form: dict[str, str]) -> None:
    PublisherState.objects.pause("memory", by="ann", reason="Moving house")
    response = browser.post(url("publisher", "memory"), {**form, "reason": "a typing error"})

    assert response.status_code == 400
    assert "pause, resume or test" in response.content.decode()
    assert PublisherState.objects.get(alias="memory").paused_at is not None


@pytest.mark.parametrize("page", ["actions", "deliveries", "runs"])
@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("time", ["0001-01-01T00:00", "9999-12-31T23:59:59", "10000-01-01T00:00"])
def test_an_absurd_time_is_an_invalid_filter(
    browser: Client, page: str, name: str, time: str
) -> None:
    response = browser.get(url(page), {name: time})

    assert response.status_code == 400
    assert "Enter a valid date/time." in response.content.decode()


@pytest.mark.parametrize("page", ["deliveries", "runs"])
def test_a_publisher_with_a_nul_is_an_invalid_filter(browser: Client, page: str) -> None:
    assert browser.get(url(page), {"publisher": "a\0b"}).status_code == 400
    form = {"all": "1", "filters": "publisher=a%00b"}
    assert browser.post(url("act", "retry"), form).status_code == 400
