"""The first screen: what waits, what failed and why, who serves it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dj_actions.models import Delivery, PublisherState, RelayHeartbeat
from tests.conftest import MakeDelivery
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]


def page(browser: Client) -> str:
    return " ".join(browser.get(reverse("dj_actions_console:overview")).content.decode().split())


def beat(*, seconds: float, publishers: tuple[str, ...] = ("memory", "other")) -> None:
    relay = uuid4()
    RelayHeartbeat.objects.record_heartbeat(relay, host="web", pid=7, publishers=publishers)
    seen = Now() - timedelta(seconds=seconds)
    RelayHeartbeat.objects.filter(pk=relay).update(seen_at=seen)


def test_an_empty_outbox_is_described(browser: Client) -> None:
    text = page(browser)
    assert "No relay is running" in text
    assert "There are no dead letters" in text


def test_a_relay_without_a_sign_of_life_is_dead_after_15_seconds(browser: Client) -> None:
    beat(seconds=14)
    assert 'href="#relays">1</a>' in page(browser)
    RelayHeartbeat.objects.update(seen_at=Now() - timedelta(seconds=16))
    assert "no relay" in page(browser)


def test_a_dead_relay_is_marked_although_another_one_is_alive(browser: Client) -> None:
    beat(seconds=1)
    assert "tile-bad" not in page(browser)
    beat(seconds=16)
    text = page(browser)
    assert "tile-bad" in text
    assert "1 dead" in text


def test_failed_runs_of_the_last_day_are_counted(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    beat(seconds=1)
    for age in (timedelta(hours=1), timedelta(hours=25)):
        row = make_delivery(**POSSIBLE["succeeded"])
        ended = {"remote_state": "failed", "remote_ended_at": Now() - age}
        Delivery.objects.filter(pk=row.pk).update(**ended)
    make_delivery(**POSSIBLE["succeeded"])
    response = browser.get(reverse("dj_actions_console:overview"))
    assert response.context["overview"].failed_runs == 1
    assert "?remote_state=failed" in response.content.decode()


def test_a_publisher_with_dead_letters_is_not_healthy(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    beat(seconds=1)
    make_delivery(**POSSIBLE["dead"])
    text = page(browser)
    assert "has dead letters" in text
    assert text.count("healthy") == 1  # the other one


def test_a_pause_and_an_open_breaker_say_who_and_why(browser: Client) -> None:
    beat(seconds=1)
    PublisherState.objects.pause("memory", by="ann", reason="it moves")
    PublisherState.objects.open_breaker("other", seconds=60, reason="the feed is down")
    text = page(browser)
    assert "By ann: it moves" in text
    assert "the feed is down" in text


def test_dead_letters_are_grouped_by_their_cause(
    browser: Client, make_delivery: MakeDelivery
) -> None:
    for number in (1, 2, 3):
        delivery = make_delivery(**POSSIBLE["dead"])
        error = {"kind": "rejected", "message": f"run {uuid4()} of {number} is too large\nmore"}
        Delivery.objects.filter(pk=delivery.pk).update(errors=[error])
    text = page(browser)
    assert "3 deliveries" in text
    assert text.count('class="cause"') == 1
    link = re.search(r'href="([^"]*)">3 deliveries', text)
    assert link
    listed = browser.get(unescape(link[1])).context["page"].rows
    assert len(listed) == 3


def test_it_takes_few_statements(
    browser: Client,
    make_delivery: MakeDelivery,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    beat(seconds=1)
    for name in ("pending", "dead", "delivered"):
        make_delivery(**POSSIBLE[name])
    with django_assert_max_num_queries(12):
        page(browser)
