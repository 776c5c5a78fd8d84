"""Dead letters by cause: what can be done with those of one cause, and with all of them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from dj_actions.models import Delivery
from dj_actions.states import DeliveryState
from tests.conftest import MakeDelivery, MakeEvent
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

PAGE = reverse("dj_actions_console:dead_letters")
REPLAY = reverse("dj_actions_console:act", args=["replay"])
MANY = 600
"""More deliveries than a form may have fields for."""


def kill(make_delivery: MakeDelivery, message: str) -> Delivery:
    row = make_delivery(**POSSIBLE["dead"])
    Delivery.objects.filter(pk=row.pk).update(errors=[{"kind": "rejected", "message": message}])
    return row


def test_all_of_one_cause_are_replayed_and_no_other(
    browser: Client, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    first = kill(make_delivery, "The feed is gone.")
    errors = [{"kind": "rejected", "message": "The feed is gone."}]
    events = [make_event() for _ in range(MANY)]
    Delivery.objects.bulk_create(
        Delivery(event=event, publisher=first.publisher, errors=errors, **POSSIBLE["dead"])
        for event in events
    )
    other = kill(make_delivery, "It is too large.")
    cause = next(cause for cause in browser.get(PAGE).context["causes"] if cause.count > 1)

    assert f'value="{cause.selection}"' in browser.get(PAGE).content.decode()
    form = {"selected": cause.selection, "confirmed": "1", "reason": "it is back"}
    browser.post(REPLAY, form)
    dead = Delivery.objects.filter(state=DeliveryState.DEAD)
    assert [row.pk for row in dead] == [other.pk]


def test_all_of_them_are_replayed_at_once(browser: Client, make_delivery: MakeDelivery) -> None:
    for message in ("The feed is gone.", "It is too large."):
        kill(make_delivery, message)
    make_delivery(**POSSIBLE["cancelled"])
    filters = browser.get(PAGE).context["all_dead"]
    preview = browser.post(REPLAY, {"all": "1", "filters": filters})
    assert preview.context["count"] == 2


def test_without_dead_letters_there_is_nothing_to_do(browser: Client) -> None:
    text = browser.get(PAGE).content.decode()
    assert "There are no dead letters" in text
    assert REPLAY not in text
