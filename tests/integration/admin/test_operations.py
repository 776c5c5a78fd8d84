"""Operations in the admin require a reason, and are recorded; publishers are listed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from dj_actions.admin.confirmation import CONFIRMED
from dj_actions.models import Delivery, PublisherState
from tests.conftest import MakeUser
from tests.fixtures.outbox import operations, states

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

DELIVERIES = "/admin/dj_actions/delivery/"
PUBLISHERS = "/admin/dj_actions/publisherstate/"


def choose(browser: Client, url: str, action: str, keys: list[Any], **fields: str) -> Any:
    return browser.post(url, {"action": action, "_selected_action": keys, **fields})


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("replay", "dead", "pending"),
        ("replay_delivered", "delivered", "pending"),
        ("cancel", "pending", "cancelled"),
    ],
)
def test_an_operation_requires_a_reason_and_is_recorded(
    browser: Client, of_all_states: dict[str, Delivery], action: str, before: str, after: str
) -> None:
    key = of_all_states[before].pk
    page = choose(browser, DELIVERIES, action, [key])
    assert 'name="reason"' in page.content.decode()
    assert f'name="_selected_action" value="{key}"' in page.content.decode()
    assert states()[key] == before
    choose(browser, DELIVERIES, action, [key], reason="it is back", **{CONFIRMED: "Run"})

    assert states()[key] == after
    (event,) = operations()
    assert (event.label, event.actor_label) == (f"delivery.{action}", "admin")
    assert event.request_data == {"reason": "it is back", "deliveries": [key], "count": 1}


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_an_invalid_reason_is_requested_again(
    browser: Client, of_all_states: dict[str, Delivery], reason: str
) -> None:
    before = states()
    keys = [row.pk for row in of_all_states.values()]
    page = choose(browser, DELIVERIES, "replay", keys, reason=reason, **{CONFIRMED: "Run"})

    assert "errornote" in page.content.decode()
    assert states() == before


def test_all_configured_publishers_are_listed(browser: Client) -> None:
    PublisherState.objects.open_breaker("memory", seconds=60, reason="the feed is down")
    page = browser.get(PUBLISHERS).content.decode()

    assert "the feed is down" in page
    assert f"{PUBLISHERS}other/change/" in page
    assert browser.get(f"{PUBLISHERS}memory/change/").status_code == 200
    assert browser.get(f"{PUBLISHERS}add/").status_code == 403


def test_a_publisher_is_paused_and_resumed(browser: Client) -> None:
    browser.get(PUBLISHERS)
    for action in ("pause", "resume"):
        page = choose(browser, PUBLISHERS, action, ["memory"])
        assert 'name="reason"' in page.content.decode()
        choose(browser, PUBLISHERS, action, ["memory"], reason="x", **{CONFIRMED: "Run"})
        paused = PublisherState.objects.get(pk="memory").paused_at

        assert (paused is not None) is (action == "pause")
    assert [(event.label, event.object_id, event.actor_label) for event in operations()] == [
        ("publisher.pause", "memory", "admin"),
        ("publisher.resume", "memory", "admin"),
    ]


def test_without_the_change_permission_nothing_is_paused(
    client: Client, make_user: MakeUser
) -> None:
    user = make_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_publisherstate"))
    client.force_login(user)
    assert client.get(PUBLISHERS).status_code == 200
    choose(client, PUBLISHERS, "pause", ["memory"], reason="x", **{CONFIRMED: "Run"})

    assert not PublisherState.objects.paused().exists()


def test_the_page_previews_how_many_deliveries_will_change(
    browser: Client, of_all_states: dict[str, Delivery]
) -> None:
    keys = [row.pk for row in of_all_states.values()]
    page = choose(browser, DELIVERIES, "replay", keys).content.decode()

    assert "1 delivery will be changed. 4 skipped: not dead." in page
    assert operations() == []
