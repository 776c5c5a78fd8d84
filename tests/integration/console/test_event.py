"""The timeline of an event: from the request to what became of it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations import replay
from tests.conftest import MakeDelivery, MakeEvent
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db


def page(browser: Client, event: ActionEvent) -> str:
    response = browser.get(reverse("dj_actions_console:event", args=[event.pk]))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_the_line_of_time_has_each_step_in_order(
    browser: Client, make_delivery: MakeDelivery, admin: User
) -> None:
    delivery = make_delivery(**POSSIBLE["dead"])
    error = {"at": delivery.queued_at.isoformat(), "attempt": 1, "kind": "rejected",
             "message": "too large"}  # fmt: skip
    Delivery.objects.filter(pk=delivery.pk).update(errors=[error])
    replay(Delivery.objects.filter(pk=delivery.pk), actor=admin, reason="smaller now")
    text = page(browser, delivery.event)

    steps = ("ran ", "Committed, with 1 delivery", "Attempt 1 failed", "smaller now")
    positions = [text.index(step) for step in steps]
    assert positions == sorted(positions)
    assert "too large" in text


def test_a_receipt_leads_to_the_destination_only_over_http(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    delivery = make_delivery(**POSSIBLE["delivered"] | {"receipt_id": "run-1"})
    Delivery.objects.filter(pk=delivery.pk).update(receipt_url="https://airflow.example/runs/1")
    assert 'href="https://airflow.example/runs/1"' in page(browser, delivery.event)
    Delivery.objects.filter(pk=delivery.pk).update(receipt_url="javascript:alert(1)")
    assert "javascript:" not in page(browser, delivery.event)


def test_parents_and_children_lead_to_each_other(browser: Client, make_event: MakeEvent) -> None:
    parent = make_event(resource="todo", action="archive")
    child = make_event(resource="todo", action="notify", parent=parent)
    assert reverse("dj_actions_console:event", args=[child.pk]) in page(browser, parent)
    assert reverse("dj_actions_console:event", args=[parent.pk]) in page(browser, child)


def test_texts_of_others_are_escaped(browser: Client, make_event: MakeEvent) -> None:
    script = "<script>alert(1)</script>"
    event = make_event(summary=script, actor_label=script, request_data={"title": script})
    assert script not in page(browser, event)


def test_an_event_that_does_not_exist_is_not_found(browser: Client) -> None:
    missing = reverse("dj_actions_console:event", args=[uuid4()])
    assert browser.get(missing).status_code == 404


def test_it_can_be_run_again_from_a_shell(browser: Client, make_event: MakeEvent) -> None:
    event = make_event(resource="todo", action="mark_done", object_id="7", object_ids=["7"],
                       request_data={"note": "it's"})  # fmt: skip
    assert "/todos/7/actions/mark_done/" in page(browser, event)


def test_the_page_takes_few_statements(
    browser: Client, make_event: MakeEvent, make_delivery: MakeDelivery, admin: User,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    parent = make_event()
    event = make_event(parent=parent)
    make_event(parent=event)
    for publisher in ("memory", "other", "third"):
        make_delivery(event=event, publisher=publisher, **POSSIBLE["running"])
    replay(event.deliveries.all(), actor=admin, reason="none of them is dead")
    with django_assert_max_num_queries(12):
        page(browser, event)
