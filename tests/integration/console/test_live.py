"""A page asks cheaply whether anything has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

import dj_actions.console
from dj_actions.console.views.live import poll_url
from dj_actions.models import Delivery, PublisherState
from tests.conftest import MakeDelivery, MakeEvent
from tests.integration.outbox.test_records import POSSIBLE

STATIC = Path(dj_actions.console.__file__).parent / "static" / "dj_actions_console"


@pytest.mark.django_db
def test_an_idle_page_costs_one_statement(
    admin: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = Client().get(poll_url(admin))
    with django_assert_num_queries(1):
        again = Client().get(poll_url(admin), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.django_db
def test_each_change_is_noticed(
    admin: User, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    delivery = make_delivery(**POSSIBLE["dead"])
    changes: list[Callable[[], object]] = [
        make_event,
        make_delivery,
        lambda: Delivery.objects.filter(pk=delivery.pk).replay(),
        lambda: PublisherState.objects.pause("memory", by="", reason=""),
    ]
    seen = [Client().get(poll_url(admin)).headers["ETag"]]
    for change in changes:
        change()
        seen.append(Client().get(poll_url(admin)).headers["ETag"])
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("token", ["", "1", "1:abc:def"])
def test_nobody_else_gets_an_answer(token: str) -> None:
    assert Client().get("/actions/live/", {"token": token}).status_code == 403


def test_the_vendored_script_is_the_published_one() -> None:
    described = json.loads((STATIC / "htmx.json").read_text())
    script = (STATIC / "htmx.min.js").read_bytes()
    assert hashlib.sha256(script).hexdigest() == described["sha256"]
    assert f'"{described["version"]}"'.encode() in script
