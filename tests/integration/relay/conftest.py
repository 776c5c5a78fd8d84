"""An outbox with a scripted publisher."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings
from tenacity import stop_after_attempt, wait_fixed

from dj_actions.conf import get_settings
from dj_actions.messages import Receipt
from dj_actions.models import ActionEvent, Delivery
from dj_actions.relay.lane import Lane
from tests.integration.relay.scripted import script

RETRY = {
    "wait": wait_fixed(100),
    "stop": stop_after_attempt(5),
    "not_found_wait": wait_fixed(200),
    "not_found_stop": stop_after_attempt(3),
}

Queue = Callable[..., list[Delivery]]


def arrive(held: Any, receipt: Receipt) -> bool:
    """Write down that one has arrived; return whether its lease was still held."""
    return held.pk in Delivery.objects.mark_delivered(
        held.lease_token or uuid4(), [(held.pk, receipt)]
    )


@pytest.fixture(autouse=True)
def configured(settings: Settings) -> Iterator[None]:
    """Give the suite one scripted publisher, and another beside it."""
    backend = "tests.integration.relay.scripted.ScriptedPublisher"
    entry = {"BACKEND": backend, "RETRY": RETRY, "BATCH_SIZE": 10}
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {"first": entry, "second": entry},
        "POLL_INTERVAL": 0.02,
        "TRACK_INTERVAL": 0.02,
    }
    script.reset()
    yield
    script.reset()


@pytest.fixture
def queue() -> Queue:
    """Put events into the outbox: `queue(3)`, `queue(1, publisher="second")`."""

    def put(
        count: int = 1,
        *,
        publisher: str = "first",
        object_ids: Sequence[str] | None = None,
        **values: Any,
    ) -> list[Delivery]:
        deliveries = []
        for number in range(count):
            event = ActionEvent.objects.create(
                resource="todo",
                action="mark_done",
                object_id=str(number),
                object_ids=[str(number)] if object_ids is None else object_ids,
            )
            delivery = Delivery.objects.create(event=event, publisher=publisher, **values)
            delivery.refresh_from_db()
            deliveries.append(delivery)
        return deliveries

    return put


@pytest.fixture
def stopping() -> threading.Event:
    """What tells a lane to stop."""
    return threading.Event()


@pytest.fixture
def lane(stopping: threading.Event) -> Lane:
    """The lane of the first publisher, to be run in the test's own thread."""
    return Lane("first", get_settings(), stopping)
