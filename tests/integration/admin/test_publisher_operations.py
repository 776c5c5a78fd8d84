"""The admin offers the operations of publishers, of any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from pytest_django import Settings

from dj_actions.admin.confirmation import CONFIRMED
from dj_actions.admin.publisher_operations import MAX_MESSAGES
from dj_actions.exceptions import PublisherUnavailable
from dj_actions.models import Delivery
from dj_actions.operations import record_operation
from dj_actions.publishers import DeliveryOperation, OperationOutcome, OperationStatus
from dj_actions.publishers.memory import MemoryPublisher
from tests.conftest import MakeDelivery, MakeUser
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db

DELIVERIES = "/admin/dj_actions/delivery/"


class ColorForm(forms.Form):
    """The input of the operation."""

    color = forms.CharField()


class Painter:
    """What the operation does, and what it was called with."""

    def __init__(self) -> None:
        self.status = OperationStatus.DONE
        self.error: Exception | None = None
        self.calls: list[tuple[list[int], Any, Mapping[str, Any]]] = []
        self.was_in_transaction = False

    def __call__(
        self, deliveries: Any, /, *, actor: Any, data: Mapping[str, Any]
    ) -> Sequence[OperationOutcome]:
        keys = sorted(deliveries.values_list("pk", flat=True))
        self.calls.append((keys, actor, data))
        self.was_in_transaction = connection.in_atomic_block
        if self.error:
            raise self.error
        return [
            OperationOutcome(delivery=key, status=self.status, message=f"<b>{key}</b>")
            for key in keys
        ]


painter = Painter()

PAINT = DeliveryOperation(
    name="paint",
    title="Paint it",
    description="It gets a color.",
    permission="dj_actions.change_publisherstate",
    run=painter,
    form=ColorForm,
    resource="painting",
    applies=lambda delivery: delivery.state == "delivered",
    max_deliveries=MAX_MESSAGES + 2,
)


class PaintingPublisher(MemoryPublisher):
    """A publisher with an operation."""

    @classmethod
    def delivery_operations(cls) -> Sequence[DeliveryOperation]:
        """Return the operation."""
        return (PAINT,)


@pytest.fixture(autouse=True)
def _painters(settings: Settings) -> None:
    painting = {"BACKEND": f"{__name__}.PaintingPublisher"}
    memory = {"BACKEND": "dj_actions.publishers.memory.MemoryPublisher"}
    broken = {"BACKEND": "no.such.Publisher"}
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {"one": painting, "two": painting, "memory": memory, "broken": broken}
    }
    painter.__init__()  # type: ignore[misc]  # as it was


def choose(browser: Client, *deliveries: Delivery, **fields: str) -> Any:
    keys = [delivery.pk for delivery in deliveries]
    return browser.post(DELIVERIES, {"action": "paint", "_selected_action": keys, **fields})


def run(browser: Client, *deliveries: Delivery) -> Any:
    return choose(browser, *deliveries, color="red", **{CONFIRMED: "Run"})


def said(response: Any) -> list[tuple[str, str]]:
    return [(entry.level_tag, str(entry)) for entry in get_messages(response.wsgi_request)]


def test_an_operation_asks_for_its_form_and_is_run_with_it(
    browser: Client, make_delivery: MakeDelivery, admin: User
) -> None:
    first = make_delivery(publisher="one", **POSSIBLE["delivered"])
    second = make_delivery(publisher="two", **POSSIBLE["delivered"])
    page = choose(browser, first, second).content.decode()
    assert 'name="color"' in page
    assert "It gets a color." in page
    assert painter.calls == []
    response = run(browser, first, second)

    assert painter.calls == [([first.pk, second.pk], admin, {"color": "red"})]
    assert said(response) == [("success", "Done for 2 deliveries.")]
    assert response["Location"] == DELIVERIES


def test_a_form_with_errors_is_shown_again(browser: Client, make_delivery: MakeDelivery) -> None:
    delivery = make_delivery(publisher="one", **POSSIBLE["delivered"])
    page = choose(browser, delivery, color="", **{CONFIRMED: "Run"}).content.decode()

    assert "errornote" in page
    assert painter.calls == []


def test_deliveries_of_other_publishers_are_skipped(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    own = make_delivery(publisher="one", **POSSIBLE["delivered"])
    foreign = make_delivery(publisher="memory", **POSSIBLE["delivered"])
    response = run(browser, own, foreign)

    assert painter.calls[0][0] == [own.pk]
    assert said(response) == [
        ("warning", "Done for 1 delivery."),
        ("warning", "1 skipped: their publisher does not offer this."),
    ]


def test_outcomes_are_shown_up_to_a_limit(browser: Client, make_delivery: MakeDelivery) -> None:
    painter.status = OperationStatus.FAILED
    chosen = [
        make_delivery(publisher="one", **POSSIBLE["delivered"]) for _ in range(MAX_MESSAGES + 2)
    ]
    messages = said(run(browser, *chosen))

    assert messages[0] == ("warning", "Done for 0 deliveries.")
    assert messages[1] == ("error", f"{chosen[0].pk}: <b>{chosen[0].pk}</b>")
    assert messages[-1] == ("warning", "And 2 more.")
    assert len(messages) == MAX_MESSAGES + 2


def test_of_too_many_deliveries_none_is_changed(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    chosen = [
        make_delivery(publisher="one", **POSSIBLE["delivered"]) for _ in range(MAX_MESSAGES + 3)
    ]
    assert said(run(browser, *chosen)) == [("error", "Select at most 12 deliveries.")]
    assert painter.calls == []


def test_an_error_is_shown(browser: Client, make_delivery: MakeDelivery) -> None:
    painter.error = PublisherUnavailable("the painter is away")
    delivery = make_delivery(publisher="one", **POSSIBLE["delivered"])

    assert said(run(browser, delivery)) == [("error", "the painter is away")]


def test_the_page_of_a_delivery_has_a_button_and_is_returned_to(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    own = make_delivery(publisher="one", **POSSIBLE["delivered"])
    waiting = make_delivery(publisher="one")
    foreign = make_delivery(publisher="memory", **POSSIBLE["delivered"])
    pages = [
        browser.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()
        for delivery in (own, waiting, foreign)
    ]

    assert ['value="paint"' in page for page in pages] == [True, False, False]
    response = browser.get(run(browser, own)["Location"])
    assert f"{own.pk}: &lt;b&gt;{own.pk}&lt;/b&gt;" in response.content.decode()


def test_the_page_of_a_delivery_lists_what_was_done_for_those_who_may_view_events(
    browser: Client, make_user: MakeUser, make_delivery: MakeDelivery, admin: User
) -> None:
    delivery = make_delivery(publisher="one", **POSSIBLE["delivered"])
    for resource, key in (("painting", delivery.pk), ("painting", 0), ("other", delivery.pk)):
        record_operation(
            resource,
            "paint",
            object_ids=[str(key)],
            actor=admin,
            data={},
            summary=f"<i>{resource} {key}</i>",
        )
    url = f"{DELIVERIES}{delivery.pk}/change/"
    page = browser.get(url).content.decode()

    assert f"&lt;i&gt;painting {delivery.pk}&lt;/i&gt;" in page
    assert "painting 0" not in page
    assert f"other {delivery.pk}" not in page
    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_delivery"))
    browser.force_login(clerk)
    assert "painting" not in browser.get(url).content.decode()


def test_without_the_permission_it_is_neither_shown_nor_run(
    client: Client, make_user: MakeUser, make_delivery: MakeDelivery
) -> None:
    user = make_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_delivery"))
    client.force_login(user)
    delivery = make_delivery(publisher="one", **POSSIBLE["delivered"])
    page = client.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()
    listed = client.get(DELIVERIES).content.decode()
    run(client, delivery)

    assert 'value="paint"' not in page + listed
    assert painter.calls == []


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_whatever_the_settings_say(
    client: Client,
    make_user: MakeUser,
    make_delivery: MakeDelivery,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", 1)
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    run(client, make_delivery(publisher="one", **POSSIBLE["delivered"]))

    assert len(painter.calls) == 1
    assert not painter.was_in_transaction
