"""Signed hints that a remote run has ended."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from dj_actions.models import Delivery
from dj_actions.rest import remote_hints
from tests.conftest import MakeDelivery
from tests.integration.outbox.test_records import ENDED, RUNNING

pytestmark = pytest.mark.django_db

URL = "/api/remote-runs/hint/"
SECRET = "a secret of the tests"
OTHER = "another secret of the tests"
MEMORY = "dj_actions.publishers.memory.MemoryPublisher"


@pytest.fixture(autouse=True)
def configured(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accept hints, in a process that has accepted none."""
    settings.DJ_ACTIONS = {"HINT_SECRET": SECRET}
    remote_hints._seen.clear()


def sign(body: bytes, *, secret: str = SECRET, age: float = 0) -> str:
    seconds = int(time.time() - age)
    value = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={value}"


def post(client: Client, body: bytes, signature: str | None = None) -> Any:
    headers = {"DJ-Actions-Signature": sign(body) if signature is None else signature}
    return client.post(URL, body, content_type="application/json", headers=headers)


def hint_of(delivery: Delivery, **values: Any) -> bytes:
    hint = {"event_id": str(delivery.event_id), "dag_id": "reports", "run_id": "x"}
    return json.dumps(hint | values).encode()


@pytest.fixture
def later(make_delivery: MakeDelivery) -> Delivery:
    """A delivery whose run is checked in an hour."""
    in_an_hour = timezone.now() + timedelta(hours=1)
    return make_delivery(**RUNNING | {"remote_check_at": in_an_hour})


def is_due(delivery: Delivery) -> bool:
    delivery.refresh_from_db()
    return delivery.remote_check_at is not None and delivery.remote_check_at <= timezone.now()


def test_a_signed_hint_makes_the_runs_of_its_event_due(
    client: Client, later: Delivery, make_delivery: MakeDelivery
) -> None:
    ended = make_delivery(event=later.event, publisher="other", **ENDED)
    untracked = make_delivery(event=later.event, publisher="third")
    of_another_event = make_delivery(**ENDED)
    answer = post(client, hint_of(later, task_id="t", exception="ValueError", more=[1]))

    assert answer.status_code == 202
    assert is_due(later)
    assert is_due(ended)
    assert not is_due(untracked)
    assert not is_due(of_another_event)
    assert (later.remote_state, ended.remote_state) == ("running", "succeeded")


def test_a_hint_before_the_receipt_is_kept_for_publishers_that_track_runs(
    client: Client, make_delivery: MakeDelivery, settings: Settings
) -> None:
    backend = "tests.integration.relay.scripted.ScriptedPublisher"
    publishers = {"pipelines": {"BACKEND": backend}, "feeds": {"BACKEND": MEMORY}}
    settings.DJ_ACTIONS = {"HINT_SECRET": SECRET, "PUBLISHERS": publishers}
    early = make_delivery(publisher="pipelines")
    feed = make_delivery(publisher="feeds", event=early.event)
    settled = make_delivery(publisher="pipelines", state="cancelled", settled_at=timezone.now())
    assert post(client, hint_of(early)).status_code == 202
    assert post(client, hint_of(settled)).status_code == 202

    details = [Delivery.objects.get(pk=one.pk).remote_detail for one in (early, feed, settled)]
    assert details == ["hinted", "", ""]


def test_a_hint_costs_one_statement_and_a_repeated_one_none(
    client: Client, later: Delivery, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    body = hint_of(later)
    signature = sign(body)
    with django_assert_num_queries(1):
        assert post(client, body, signature).status_code == 202
    with django_assert_num_queries(0):
        assert post(client, body, signature).status_code == 202


def test_a_hint_about_an_unknown_event_is_accepted(client: Client) -> None:
    body = b'{"event_id": "00000000-0000-4000-8000-000000000000"}'

    assert post(client, body).status_code == 202


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=1,v1=",
        "nonsense",
        f"t={10**9},v1={'0' * 64}",
        "t=now,v1=" + "0" * 64,
        f"t={'9' * 400},v1={'0' * 64}",
    ],
)
def test_a_wrong_signature_is_refused(client: Client, later: Delivery, signature: str) -> None:
    signature = signature.replace("now", str(int(time.time())))

    assert post(client, hint_of(later), signature).status_code == 403
    assert not is_due(later)


@pytest.mark.parametrize(
    "options", [{"secret": OTHER}, {"age": 310}, {"age": -310}, {"secret": SECRET + " "}]
)
def test_a_signature_by_another_secret_or_of_another_time_is_refused(
    client: Client, later: Delivery, options: dict[str, Any]
) -> None:
    body = hint_of(later)

    assert post(client, body, sign(body, **options)).status_code == 403
    assert not is_due(later)


def test_a_signature_of_another_body_is_refused(client: Client, later: Delivery) -> None:
    assert post(client, hint_of(later), sign(b"{}")).status_code == 403


def test_without_a_header_a_hint_is_refused(client: Client, later: Delivery) -> None:
    body = hint_of(later)

    assert client.post(URL, body, content_type="application/json").status_code == 403


def test_each_of_several_secrets_is_accepted(
    client: Client, settings: Settings, later: Delivery
) -> None:
    settings.DJ_ACTIONS = {"HINT_SECRET": [OTHER, SECRET]}
    body = hint_of(later)

    for secret in (SECRET, OTHER):
        assert post(client, body, sign(body, secret=secret)).status_code == 202
    both = f"{sign(body, secret='x' * 20)},v1={sign(body).partition('v1=')[2]}"
    assert post(client, body, both).status_code == 202


@pytest.mark.parametrize("value", [None, "", []])
def test_without_a_secret_there_is_no_such_page(
    client: Client, settings: Settings, later: Delivery, value: Any
) -> None:
    settings.DJ_ACTIONS = {} if value is None else {"HINT_SECRET": value}

    assert post(client, hint_of(later)).status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"event_id": 7}', b'{"event_id": "x"}', b"[" * 5000]
)
def test_a_signed_hint_without_an_event_is_refused(client: Client, body: bytes) -> None:
    assert post(client, body).status_code == 400


def test_a_large_hint_is_refused(client: Client, later: Delivery) -> None:
    assert post(client, hint_of(later, exception="x" * 8192)).status_code == 413


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_only_post_is_allowed(client: Client, method: str) -> None:
    assert getattr(client, method)(URL).status_code == 405


def test_no_cookie_and_no_user_is_needed(later: Delivery) -> None:
    assert post(Client(enforce_csrf_checks=True), hint_of(later)).status_code == 202


def test_the_secret_is_not_shown() -> None:
    from dj_actions.conf import get_settings  # noqa: PLC0415

    assert SECRET not in repr(get_settings())
