"""The search leads from an id of any kind to its timeline."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from dj_actions.models import Delivery
from tests.conftest import MakeDelivery, MakeEvent
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db

SEARCH = reverse("dj_actions_console:search")


def found(browser: Client, text: str) -> str:
    response = browser.get(SEARCH, {"q": text})
    return str(response.headers.get("Location", ""))


def test_each_id_leads_to_its_event(
    browser: Client, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    delivery = make_delivery(event=make_event(object_id="a"), **POSSIBLE["delivered"])
    activity = "0193f5d2-1111-7000-8000-000000000001"
    Delivery.objects.filter(pk=delivery.pk).update(receipt_id=activity)
    event = delivery.event
    event.idempotency_key = "order-17"
    event.save()
    page = reverse("dj_actions_console:event", args=[event.pk])

    ids = (str(event.pk), event.pk.hex, f"djactions-{event.pk}", str(delivery.pk), activity)
    assert [found(browser, text) for text in (*ids, "order-17")] == [page] * 6


def test_an_object_leads_to_its_history(browser: Client, make_event: MakeEvent) -> None:
    make_event(resource="todo", object_id="7", object_ids=["7"])
    page = reverse("dj_actions_console:object")
    assert found(browser, "todo:7") == f"{page}?resource=todo&object=7"
    assert len(browser.get(SEARCH, {"q": "7"}).context["found"].events) == 1


@pytest.mark.parametrize(
    ("text", "leads"), [("todo 7", True), ("todo:7", True), ("Ann Smith", False), ("todo", False)]
)
def test_an_object_is_found_as_pages_name_it(browser: Client, text: str, leads: bool) -> None:
    assert bool(found(browser, text)) is leads


def test_a_delivery_is_found_as_pages_name_it(
    browser: Client, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    delivery = make_delivery()
    make_event(object_id=str(delivery.pk))
    page = reverse("dj_actions_console:event", args=[delivery.event_id])
    assert {found(browser, f"delivery{sign}{delivery.pk}") for sign in ": "} == {page}


def test_a_number_that_a_delivery_and_an_object_have_leads_to_both(
    browser: Client, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    delivery = make_delivery()
    number = str(delivery.pk)
    make_event(resource="todo", object_id=number, object_ids=[number])
    response = browser.get(SEARCH, {"q": number})

    text = response.content.decode()
    assert reverse("dj_actions_console:event", args=[delivery.event_id]) in text
    assert f"?resource=todo&amp;object={number}" in text


@pytest.mark.parametrize("text", ["", "  ", "nothing", "9" * 40, "%00\0", "x:y:z", "²"])
def test_anything_can_be_searched_for(browser: Client, text: str) -> None:
    assert browser.get(SEARCH, {"q": text}).status_code in {200, 302}
