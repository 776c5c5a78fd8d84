"""How soon a running relay reacts: to a hint, to a change, and to the end of an outage."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.messages import Message, Receipt, RemoteRun
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox import wakeup
from dj_actions.outbox.queries import from_now
from dj_actions.relay.relay import Relay
from dj_actions.relay.tracking.run_pace import FIRST_CHECK
from dj_actions.states import DeliveryState, RemoteState
from tests.fixtures.relay import Queue, running
from tests.integration.relay.scripted import script
from tests.integration.relay.test_relay import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

logger = logging.getLogger(__name__)

FAR_LESS = 12
"""Seconds: far less than without a reaction, also on a busy machine. It takes one or two."""

SECRET = "a secret of the tests"
SUCCEEDED = RemoteRun(state=RemoteState.SUCCEEDED)
RUNNING = RemoteRun(state=RemoteState.RUNNING)

Configure = Callable[..., None]


@pytest.fixture
def configure(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Return a function that configures one publisher, which lists changes."""
    entry = settings.DJ_ACTIONS["PUBLISHERS"]["first"]
    backend = "tests.integration.relay.scripted.ListingPublisher"
    monkeypatch.setattr(wakeup, "_notified_at", {})

    def configure(**values: object) -> None:
        publishers = {"first": {**entry, "BACKEND": backend}}
        settings.DJ_ACTIONS = {"PUBLISHERS": publishers, "HINT_SECRET": SECRET, **values}
        script.changed = {}
        script.behave = lambda message: Receipt(id=str(message.id), tracked=True)

    return configure


def seconds_until(ready: Callable[[], bool], what: str) -> float:
    started = time.monotonic()
    wait_for(ready, what)
    waited = time.monotonic() - started
    logger.info("%s after %.2f s", what, waited)
    return waited


def run_of(delivery: Delivery) -> RemoteState:
    return RemoteState(Delivery.objects.get(pk=delivery.pk).remote_state)


def send_hint(event_id: UUID) -> int:
    body = json.dumps({"event_id": str(event_id), "dag_id": "x", "run_id": "y"}).encode()
    seconds = int(time.time())
    signed = f"{seconds}.".encode() + body
    signature = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    headers = {"DJ-Actions-Signature": f"t={seconds},v1={signature}"}
    url = "/api/remote-runs/hint/"
    answer = Client().post(url, body, content_type="application/json", headers=headers)
    return answer.status_code


@pytest.mark.postgres
def test_a_hint_is_followed_at_once(queue: Queue, configure: Configure) -> None:
    configure(TRACK_INTERVAL=3600, POLL_INTERVAL=0.2)
    (delivery,) = queue()
    script.runs[str(delivery.event_id)] = RUNNING
    with running(Relay()) as relay:
        wait_for(lambda: run_of(delivery) == RemoteState.RUNNING, "The delivery")
        wait_for(relay._is_listening.is_set, "The notifications")
        # Nothing else makes it due for an hour.
        Delivery.objects.update(remote_check_at=from_now(3600))
        script.runs[str(delivery.event_id)] = SUCCEEDED
        assert send_hint(delivery.event_id) == 202
        waited = seconds_until(lambda: run_of(delivery) == RemoteState.SUCCEEDED, "The end")

    assert waited < FAR_LESS


@pytest.mark.parametrize("notify", [pytest.param(True, marks=pytest.mark.postgres), False])
def test_a_hint_that_comes_before_the_receipt_is_followed_as_soon_as_that_is_stored(
    queue: Queue, configure: Configure, *, notify: bool
) -> None:
    """The run ends while the rest of the message is still being sent."""
    configure(TRACK_INTERVAL=3600, POLL_INTERVAL=0.2, NOTIFY=notify)
    relay = Relay()
    answers: list[int] = []

    def publish(message: Message) -> Receipt:
        if notify:
            wait_for(relay._is_listening.is_set, "The notifications")
        script.runs[str(message.id)] = SUCCEEDED
        answers.append(send_hint(message.id))
        if notify:
            (tracker,) = relay._trackers
            wait_for(lambda: tracker._expects_receipt, "The tracker, in vain")
        return Receipt(id=str(message.id), tracked=True)

    script.behave = publish
    (delivery,) = queue()
    with running(relay):
        wait_for(lambda: bool(answers), "The hint")
        waited = seconds_until(lambda: run_of(delivery) == RemoteState.SUCCEEDED, "The end")

    assert answers == [202]
    assert waited < FIRST_CHECK


def test_without_notifications_a_hint_is_followed_at_the_next_poll(
    queue: Queue, configure: Configure
) -> None:
    configure(TRACK_INTERVAL=3600, POLL_INTERVAL=0.2, NOTIFY=False)
    (delivery,) = queue()
    script.runs[str(delivery.event_id)] = RUNNING
    with running(Relay()):
        wait_for(lambda: run_of(delivery) == RemoteState.RUNNING, "The delivery")
        Delivery.objects.update(remote_check_at=from_now(3600))
        script.runs[str(delivery.event_id)] = SUCCEEDED
        assert send_hint(delivery.event_id) == 202
        waited = seconds_until(lambda: run_of(delivery) == RemoteState.SUCCEEDED, "The end")

    assert waited < FAR_LESS


def test_a_change_is_recorded_after_the_interval(queue: Queue, configure: Configure) -> None:
    configure(TRACK_INTERVAL=0.5, POLL_INTERVAL=0.2)
    (delivery,) = queue()
    script.runs[str(delivery.event_id)] = RUNNING
    with running(Relay()):
        wait_for(lambda: run_of(delivery) == RemoteState.RUNNING, "The delivery")
        Delivery.objects.update(remote_check_at=from_now(3600))
        script.runs[str(delivery.event_id)] = SUCCEEDED
        script.changed = {str(delivery.event_id): [SUCCEEDED]}
        waited = seconds_until(lambda: run_of(delivery) == RemoteState.SUCCEEDED, "The end")

    assert waited < FAR_LESS


def test_after_an_outage_messages_flow_within_seconds(queue: Queue, configure: Configure) -> None:
    """Its last probes were half a minute apart."""
    configure(TRACK_INTERVAL=5, POLL_INTERVAL=1)
    is_up = False

    def publish(message: Message) -> Receipt:
        if is_up:
            return Receipt(id=str(message.id), tracked=True)
        raise PublisherUnavailable("connection refused")

    script.behave = publish
    script.changed = PublisherUnavailable("connection refused")
    PublisherState.objects.create(
        alias="first", failures=3, probes=6, open_until=from_now(30), open_reason="refused"
    )
    queue(3)
    with running(Relay()):
        wait_for(lambda: len(script.since) >= 2, "The tracker")
        is_up, script.changed = True, {}
        waited = seconds_until(
            lambda: Delivery.objects.filter(state=DeliveryState.DELIVERED).count() == 3,
            "The deliveries",
        )

    assert waited < FAR_LESS
    assert not PublisherState.objects.filter(open_until__gt=Now()).exists()
