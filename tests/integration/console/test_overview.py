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

from dj_actions.console.screens.publisher_rows import PublisherRow
from dj_actions.models import (
    ActionEvent,
    Delivery,
    DeliveryCount,
    PublisherState,
    RelayHeartbeat,
)
from dj_actions.outbox.queries import RELAY_TIMEOUT, Counts
from dj_actions.relay.tuning import DEFAULT_TUNING
from tests.conftest import MakeDelivery, MakeEvent
from tests.fixtures.outbox import MakeSent
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]


def page(browser: Client) -> str:
    return " ".join(browser.get(reverse("dj_actions_console:overview")).content.decode().split())


def rows(browser: Client) -> dict[str, PublisherRow]:
    response = browser.get(reverse("dj_actions_console:overview"))
    return {row.alias: row for row in response.context["overview"].publishers}


def beat(*, seconds: float, publishers: tuple[str, ...] = ("memory", "other")) -> None:
    relay = uuid4()
    RelayHeartbeat.objects.record_heartbeat(relay, host="web", pid=7, publishers=publishers)
    seen = Now() - timedelta(seconds=seconds)
    RelayHeartbeat.objects.filter(pk=relay).update(seen_at=seen)


def test_an_empty_outbox_is_described(browser: Client) -> None:
    text = page(browser)
    assert "No relay is running" in text
    assert "There are no dead letters" in text


def test_a_relay_that_has_missed_two_heartbeats_is_dead(browser: Client) -> None:
    beat(seconds=RELAY_TIMEOUT - 2)
    assert 'href="#relays">1</a>' in page(browser)
    RelayHeartbeat.objects.update(seen_at=Now() - timedelta(seconds=RELAY_TIMEOUT + 1))
    assert "no relay" in page(browser)
    # A page asks every 3 seconds, and then loads: red within 15 seconds of the end.
    assert 2 * DEFAULT_TUNING.heartbeat_interval < RELAY_TIMEOUT < 15 - 3


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
    paused, stopped = [row.now for row in rows(browser).values()]
    assert paused.since
    assert stopped.since
    assert stopped.next_probe
    assert 50 < (stopped.next_probe - stopped.since).total_seconds() <= 60


def test_a_breaker_stays_open_since_it_opened_first(browser: Client) -> None:
    states = PublisherState.objects
    states.open_breaker("other", seconds=0, reason="down")
    first = rows(browser)["other"].now.since
    states.take_probe("other", seconds=1)
    states.open_breaker("other", seconds=60, reason="still down", probing=True)
    assert rows(browser)["other"].now.since == first
    states.close_breaker("other")
    assert rows(browser)["other"].now.since is None
    # An earlier release closes it without the time.
    states.filter(alias="other").update(opened_at=first)
    states.open_breaker("other", seconds=60, reason="down again")
    opened_at = rows(browser)["other"].now.since
    assert opened_at
    assert first
    assert opened_at > first


def test_a_breaker_whose_wait_is_over_has_no_probe_in_the_past(browser: Client) -> None:
    beat(seconds=1)
    PublisherState.objects.open_breaker("other", seconds=-2, reason="down")
    now = rows(browser)["other"].now
    assert now.next_probe is None
    assert "The next message probes." in now.explanation


def test_a_rate_limit_says_until_when(browser: Client) -> None:
    beat(seconds=1)
    until = Now() + timedelta(seconds=30)
    PublisherState.objects.create(alias="other")
    PublisherState.objects.filter(alias="other").update(next_send_at=until)
    now = rows(browser)["other"].now
    assert now.limited_until
    assert "rate limited" in page(browser)


def test_each_publisher_has_its_numbers(browser: Client, make_sent: MakeSent) -> None:
    make_sent(took=0.2)
    DeliveryCount.objects.add({"memory": Counts(delivered=40, failed=2)})
    memory, other = rows(browser).values()
    assert (memory.recent.delivered, memory.recent.failed) == (40, 2)
    assert memory.timings
    assert memory.timings.sending
    assert memory.timings.sending.p99 == 0.2
    assert (other.recent.delivered, other.recent.failed) == (0, 0)
    text = page(browser)
    assert "24 hours: 40 delivered, 2 attempts failed; at most 42 together" in text
    assert "24 hours: nothing was sent." in text
    assert text.count("<rect") == 2
    assert "style=" not in text


def test_no_backlog_of_one_publisher_hides_another(make_delivery: MakeDelivery) -> None:
    for _ in range(3):
        make_delivery(publisher="gone")
    make_delivery(publisher="other", attempts=1)
    make_delivery(publisher="other", **POSSIBLE["dead"])
    backlog = Delivery.objects.backlog(limit=2)
    assert backlog.counts["other"].pending == 1
    assert (backlog.counts["other"].retrying, backlog.counts["other"].dead) == (1, 1)
    assert backlog.counts["gone"].pending in {2, 3}  # on SQLite they are all counted
    assert backlog.failing == ["other"]


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


@pytest.fixture
def counted(make_event: MakeEvent, make_delivery: MakeDelivery, make_sent: MakeSent) -> None:
    """Something of everything that is counted, each also from before the 24 hours."""
    long_ago = Now() - timedelta(hours=25)
    for age in (timedelta(hours=1), timedelta(hours=25)):
        for status_code in (200, 500, 500):
            event = make_event(status_code=status_code)
            ActionEvent.objects.filter(pk=event.pk).update(created_at=Now() - age)
        row = make_delivery(**POSSIBLE["succeeded"])
        ended = {"remote_state": "failed", "remote_ended_at": Now() - age, "settled_at": long_ago}
        Delivery.objects.filter(pk=row.pk).update(**ended)
    for name in ("pending", "tried before", "tried before", "dead"):
        make_delivery(**POSSIBLE[name])
    make_sent(publisher="other")
    make_sent(publisher="other")
    failed = make_sent(publisher="other")
    errors = [{"kind": "unavailable", "message": "no", "attempt": 1}]
    Delivery.objects.filter(pk=failed.pk).update(errors=errors)
    DeliveryCount.objects.add({"other": Counts(delivered=3, failed=1)})


@pytest.mark.usefixtures("counted")
def test_each_number_leads_to_the_list_of_what_it_counts(browser: Client) -> None:
    html = browser.get(reverse("dj_actions_console:overview")).content.decode()
    lists = [reverse(f"dj_actions_console:{name}") for name in ("actions", "deliveries", "runs")]
    number = r"(?:<span[^>]*>.</span> )?(\d+)[^<]*</a>"
    links = re.findall(rf'<a href="((?:{"|".join(lists)})\?[^"]+)">{number}', html)
    listed = {
        unescape(url): (int(number), len(browser.get(unescape(url)).context["page"].rows))
        for url, number in links
    }
    assert len(listed) >= 10, listed
    wrong = {url: counts for url, counts in listed.items() if counts[0] != counts[1]}
    assert wrong == {}
    assert {number for number, _ in listed.values()} >= {1, 2, 3}
    for text in ("outcome=failed", "state=retrying", "ended_from=", "settled_from=", "failed_att"):
        assert any(text in url for url in listed), text
