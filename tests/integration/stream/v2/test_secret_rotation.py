"""The steps of docs/security.md that replace the secret of the Stream app."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import stream
from django.contrib.auth.models import User
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from dj_actions.models import Delivery, PublisherState
from dj_actions.publishers import publishers
from dj_actions.relay.relay import Relay
from dj_actions.states import DeliveryState
from example.launch.process import wait_until
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.fixtures.relay import running

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

OLD = "the-old-secret-of-more-than-32-bytes"
NEW = "the-new-secret-of-more-than-32-bytes"


@contextmanager
def restarted_relay(settings: Settings, url: str, api_secret: str) -> Iterator[Relay]:
    """Run a relay that has read these settings, as a new process does."""
    options = {"api_key": "key", "api_secret": api_secret, "base_url": url}
    backend = "dj_actions_stream.StreamPublisher"
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {"feeds": {"BACKEND": backend, "OPTIONS": options, "ROUTES": ["todo.*"]}},
        "POLL_INTERVAL": 0.05,
    }
    publishers.reset()
    try:
        with running(Relay()) as relay:
            yield relay
    finally:
        publishers.reset()


def accept(settings: Settings, api_secret: str) -> None:
    """Let the feeds server accept the tokens of one secret only."""
    settings.FEEDS_SERVER = {"API_KEY": "key", "API_SECRET": api_secret}


def wait_for_state(delivery: Delivery, ready: Any, what: str) -> None:
    def is_ready() -> bool:
        delivery.refresh_from_db()
        return bool(ready())

    wait_until(is_ready, timeout=60, what=what)


def test_what_the_old_secret_cannot_send_waits_for_the_new_one(
    settings: Settings, live_server: LiveServer, ann: User, todo: Todo
) -> None:
    settings.ROOT_URLCONF = "dj_actions_stream.server.urls"
    url = f"http://localhost:{live_server.thread.port}"
    accept(settings, OLD)
    with restarted_relay(settings, url, OLD):
        first = Delivery.objects.get(event=MarkDone.run(actor=ann, object=todo).event)
        wait_for_state(first, lambda: first.state == DeliveryState.DELIVERED, "The first delivery")
        accept(settings, NEW)
        second = Delivery.objects.get(event=MarkDone.run(actor=ann, object=todo).event)
        wait_for_state(second, lambda: second.errors, "The refusal")
        opened = PublisherState.objects.exclude(open_until=None)
        wait_until(opened.exists, timeout=60, what="The open circuit breaker")
    second.refresh_from_db()
    assert (second.state, second.attempts) == (DeliveryState.PENDING, 0)
    assert {error["kind"] for error in second.errors} == {"misconfigured"}

    with restarted_relay(settings, url, NEW):
        wait_for_state(
            second, lambda: second.state == DeliveryState.DELIVERED, "The second delivery"
        )
    reader = stream.connect("key", NEW, base_url=url, timeout=30)
    activities = reader.feed("user", str(ann.pk)).get(limit=10)["results"]
    reader.session.close()
    assert len(activities) == 2
