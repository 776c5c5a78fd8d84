"""An outbox in which all has happened, and its commands."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from pytest_django import Settings

from dj_actions.models import ActionEvent, Delivery
from tests.conftest import MakeDelivery
from tests.integration.test_records import POSSIBLE

STATES = ("pending", "sending", "delivered", "dead", "cancelled")
MEMORY = "dj_actions.publishers.memory.MemoryPublisher"

Outbox = Callable[..., str]
OutboxJSON = Callable[..., Any]
MakeSettled = Callable[..., Delivery]


@pytest.fixture(autouse=True)
def configured(settings: Settings) -> None:
    """Give the suite two publishers."""
    entry = {"BACKEND": MEMORY}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"memory": entry, "other": entry}}


@pytest.fixture
def of_all_states(make_delivery: MakeDelivery) -> dict[str, Delivery]:
    """One delivery in each state."""
    return {name: make_delivery(**POSSIBLE[name]) for name in STATES}


@pytest.fixture
def outbox() -> Outbox:
    """Return a function that runs `manage.py outbox`; its result is all it prints."""

    def outbox(*arguments: Any) -> str:
        out = io.StringIO()
        call_command("outbox", *map(str, arguments), stdout=out, stderr=out)
        return out.getvalue()

    return outbox


@pytest.fixture
def outbox_json() -> OutboxJSON:
    """Return a function that runs `manage.py outbox … --json`, whatever comes of it."""

    def outbox_json(*arguments: Any) -> Any:
        out = io.StringIO()
        with contextlib.suppress(CommandError):
            call_command("outbox", *map(str, arguments), "--json", stdout=out, stderr=io.StringIO())
        return json.loads(out.getvalue())

    return outbox_json


@pytest.fixture
def make_settled(make_delivery: MakeDelivery) -> MakeSettled:
    """Return a function that makes a delivery settled some days ago by the database's clock."""

    def make_settled(state: str, days: float, **fields: Any) -> Delivery:
        delivery = make_delivery(**POSSIBLE[state] | fields)
        Delivery.objects.filter(pk=delivery.pk).update(settled_at=Now() - timedelta(days=days))
        delivery.refresh_from_db()
        return delivery

    return make_settled


def states() -> dict[int, str]:
    """Return the state of each delivery by its id."""
    return {entry.pk: entry.state for entry in Delivery.objects.all()}


def operations() -> list[ActionEvent]:
    """Return the records of what people did with the outbox, the oldest first."""
    resources = ("delivery", "publisher")
    return list(ActionEvent.objects.filter(resource__in=resources).order_by("pk"))
