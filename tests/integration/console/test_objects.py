"""One object: all its actions, and what they set off, in one line of time."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dj_actions.console.screens.object_history import MAX_EVENTS
from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations import replay
from tests.conftest import MakeDelivery, MakeEvent
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db

PAGE = reverse("dj_actions_console:object")
TODO = {"resource": "todo", "object": "7"}


def page(browser: Client, **query: str) -> str:
    response = browser.get(PAGE, {**TODO, **query})
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_it_has_all_actions_their_deliveries_and_what_operators_did(
    browser: Client, make_event: MakeEvent, make_delivery: MakeDelivery, admin: User
) -> None:
    make_event(action="refused_one", status_code=403)
    dead = make_delivery(event=make_event(action="lost_one"), **POSSIBLE["dead"])
    error = {
        "at": dead.queued_at.isoformat(),
        "attempt": 1,
        "kind": "rejected",
        "message": "too big",
    }
    Delivery.objects.filter(pk=dead.pk).update(errors=[error])
    replay(Delivery.objects.filter(pk=dead.pk), actor=admin, reason="smaller now")
    make_event(action="bulk_one", object_id=None, object_ids=["6", "7"])
    make_event(action="of_another", object_id="8", object_ids=["8"])

    text = page(browser)
    steps = ("todo.refused_one", "todo.lost_one", "too big", "smaller now", "todo.bulk_one")
    positions = [text.index(step) for step in steps]
    assert positions == sorted(positions)
    assert "of_another" not in text


def test_what_an_action_led_to_is_shown_once(browser: Client, make_event: MakeEvent) -> None:
    first = make_event(action="first")
    make_event(action="same_object", parent=first)
    make_event(action="other_object", parent=first, object_id="8", object_ids=["8"])

    text = page(browser)
    assert text.count("todo.same_object") == 1
    assert "because of todo.first" in text
    assert "It led to todo.other_object on 8" in text


def test_pages_continue_with_earlier_actions(browser: Client, make_event: MakeEvent) -> None:
    for number in range(MAX_EVENTS + 1):
        make_event(action=f"number_{number:02}")
    response = browser.get(PAGE, TODO)
    assert "number_00" not in response.content.decode()

    older = response.context["page"].older
    query = {name: values[0] for name, values in parse_qs(older[1:]).items()}
    text = page(browser, **query)
    assert "number_00" in text
    assert "number_01" not in text
    assert 'href="?resource=todo&amp;object=7">Newest' in text


def test_pages_on_which_an_object_is_named_lead_to_it(
    browser: Client, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    event = make_delivery(**POSSIBLE["dead"]).event
    bulk = make_event(object_id=None, object_ids=["7", "a b/c&d"])
    link = f"{PAGE}?resource=todo&amp;object=7"
    for name, arguments in (
        ("actions", []), ("event", [event.pk]), ("event", [bulk.pk]), ("deliveries", []),
        ("publisher", ["memory"]),
    ):  # fmt: skip
        text = browser.get(reverse(f"dj_actions_console:{name}", args=arguments)).content.decode()
        assert link in text, name
    response = browser.get(reverse("dj_actions_console:event", args=[bulk.pk]))
    assert f"{PAGE}?resource=todo&amp;object=a+b%2Fc%26d" in response.content.decode()


def test_each_day_is_named_once(browser: Client, make_event: MakeEvent) -> None:
    for days in (2, 1, 1):
        event = make_event()
        ActionEvent.objects.filter(pk=event.pk).update(created_at=Now() - timedelta(days=days))
    text = page(browser)
    assert text.count('<span class="entry-time"><small>') == 2


@pytest.mark.parametrize(
    "query",
    [{}, {"resource": "todo"}, {"object": "7"}, {**TODO, "before": "x"}, {**TODO, "object": "\0"}],
)
def test_a_page_of_nothing_is_refused(browser: Client, query: dict[str, str]) -> None:
    assert browser.get(PAGE, query).status_code == 400


def test_an_unknown_object_has_no_history(browser: Client) -> None:
    assert "No action on it is recorded" in page(browser)


def test_it_takes_few_statements(
    browser: Client,
    make_event: MakeEvent,
    make_delivery: MakeDelivery,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(5):
        make_delivery(event=make_event(), **POSSIBLE["dead"])
    with django_assert_max_num_queries(12):
        page(browser)
