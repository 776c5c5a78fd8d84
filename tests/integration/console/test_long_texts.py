"""Tables with long texts, in a real browser: all columns are visible, on a laptop and a phone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from dj_actions.conf.publisher import ALIAS_LENGTH
from dj_actions.models import ActionEvent, Delivery, PublisherState, RelayHeartbeat
from dj_actions.outbox.queries import from_now
from dj_actions.publishers import OperationStatus
from tests.conftest import Declare, MakeDelivery, MakeEvent
from tests.fixtures.browsing import (
    log_in,
    requires_axe,
    violations,
    with_screen,
)
from tests.fixtures.chromium import requires_chromium
from tests.fixtures.outbox import MEMORY
from tests.integration.outbox.test_records import POSSIBLE

# Transactions of the test are seen by the server's threads only once they are committed.
pytestmark = [
    requires_chromium,
    pytest.mark.slow,  # in a browser; shorter tests guard the same pages
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
]

LAPTOP, PHONE = (1280, 800), (320, 800)

LONG = "a0190b00" * 25
"""An id of 200 characters; the browser finds no place to break it."""

REASON = f"HTTPConnectionPool(host='{LONG}', port=8443): Max retries exceeded, {'and again ' * 20}"
NAME = LONG[:100]

OPEN, PAUSED = (f"{word}_{LONG}"[:ALIAS_LENGTH] for word in ("open", "paused"))

SIDEWAYS = """
return [...document.querySelectorAll("table")].map((table) => [table, table.closest(".scroll")])
  .filter(([table, region]) => {
    const limit = (region ?? document.documentElement).clientWidth;
    return table.getBoundingClientRect().width > limit + 1 || region?.scrollWidth > limit + 1;
  })
  .map(([table, region]) => `${table.offsetWidth} of ${region?.clientWidth}: ${table.innerText}`);
"""
"""Returns the tables that are wider than their place."""

OUTSIDE = """
return [...document.querySelectorAll(".stacked tbody :is(th, td, th *, td *)")]
  .filter((element) => element.getBoundingClientRect().right > document.body.clientWidth)
  .map((element) => element.outerHTML);
"""
"""Returns the cells, and what is in them, of which a part is to the right of the screen."""


@pytest.fixture
def event(
    settings: Settings, declare: Declare, make_event: MakeEvent, make_delivery: MakeDelivery
) -> ActionEvent:
    """An event with the longest texts that can be stored, and everything that tables show."""
    entry = {"BACKEND": MEMORY}
    settings.DJ_ACTIONS = {"PUBLISHERS": {OPEN: entry, PAUSED: entry, "short": entry}}
    declare(name=NAME, __doc__=REASON, publish=(OPEN, PAUSED))
    event = make_event(
        resource=NAME, action=NAME, object_id=LONG, object_ids=[LONG], actor_label=LONG,
        summary=LONG, idempotency_key=LONG,
    )  # fmt: skip
    failed = {**POSSIBLE["succeeded"], "remote_state": "failed", "remote_detail": LONG}
    for alias, columns in {
        OPEN: POSSIBLE["dead"],
        PAUSED: POSSIBLE["tried before"],
        "short": {**failed, "receipt_id": LONG, "receipt_scope": LONG},
    }.items():
        row = make_delivery(event=event, publisher=alias, **columns)
        error = {"at": row.queued_at.isoformat(), "attempt": 1, "kind": "rejected"}
        Delivery.objects.filter(pk=row.pk).update(
            errors=[{**error, "message": f"{LONG} {REASON}"}],
            remote_report={"hint": LONG, "failure": {"task": LONG, "log": [LONG]}}
            if alias == "short"
            else None,
        )
    make_publisher_states()
    relay = uuid4()
    RelayHeartbeat.objects.record_heartbeat(relay, host=LONG, pid=7, publishers=[OPEN, PAUSED])
    return event


def make_publisher_states() -> None:
    """Pause a publisher, and open the circuit breaker of another one, with long reasons."""
    PublisherState.objects.create(
        alias=PAUSED, paused_at=timezone.now(), paused_by=LONG, pause_reason=REASON
    )
    PublisherState.objects.create(
        alias=OPEN, failures=7, open_until=from_now(60), opened_at=from_now(-60),
        open_reason=REASON,
    )  # fmt: skip


def make_batch(make_event: MakeEvent, row: Delivery) -> ActionEvent:
    """Return the record of an operation with a long outcome."""
    outcome = {
        "delivery": row.pk,
        "status": OperationStatus.FAILED.value,
        "message": REASON,
        "target": LONG,
    }
    ids = {"resource": "delivery", "object_id": None, "object_ids": [str(row.pk)]}
    batch = make_event(**ids, action="rerun", request_data={"input": {}})
    make_event(**ids, action="rerun_outcome", parent=batch, response_data=[outcome])
    return batch


def pages(event: ActionEvent, batch: ActionEvent) -> dict[str, str]:
    """Return the pages with tables, by name."""
    names = ("overview", "actions", "deliveries", "dead_letters", "publishers", "runs", "catalogue")
    found = {name: reverse(f"dj_actions_console:{name}") for name in names}
    found["search"] = f"{reverse('dj_actions_console:search')}?q={LONG}"
    found["object"] = f"{reverse('dj_actions_console:object')}?resource={NAME}&object={LONG}"
    for name, key in {"event": event, "batch": batch}.items():
        found[name] = reverse("dj_actions_console:event", args=[key.pk])
    for alias in (OPEN, PAUSED, "short"):
        found[alias] = reverse("dj_actions_console:publisher", args=[alias])
    return found


def test_no_table_scrolls_sideways_on_a_laptop(
    chromium: Chrome, live_server: LiveServer, admin: User, event: ActionEvent,
    make_event: MakeEvent,
) -> None:  # fmt: skip
    batch = make_batch(make_event, event.deliveries.earliest("pk"))
    with_screen(chromium, *LAPTOP)
    log_in(chromium, live_server, admin)
    found: dict[str, Any] = {}
    tables = 0
    for name, url in pages(event, batch).items():
        chromium.get(f"{live_server.url}{url}")
        tables += len(chromium.find_elements(By.TAG_NAME, "table"))
        if sideways := chromium.execute_script(SIDEWAYS):
            found[name] = sideways
        width = chromium.execute_script("return document.documentElement.scrollWidth")
        assert width <= LAPTOP[0], f"{name} is wider than the screen"

    assert tables >= 15
    assert found == {}


@requires_axe
def test_all_columns_of_the_lists_are_on_the_screen_of_a_phone(
    chromium: Chrome, live_server: LiveServer, admin: User, event: ActionEvent
) -> None:
    with_screen(chromium, *PHONE)
    log_in(chromium, live_server, admin)
    for name in ("overview", "publishers", "deliveries", "actions", "runs"):
        chromium.get(f"{live_server.url}{reverse(f'dj_actions_console:{name}')}")
        assert chromium.find_elements(By.CSS_SELECTOR, ".stacked tbody td[data-label]"), name
        assert chromium.execute_script(OUTSIDE) == [], name
        assert violations(chromium) == [], name
    chromium.get(f"{live_server.url}{reverse('dj_actions_console:overview')}")
    cells = chromium.find_elements(By.CSS_SELECTOR, ".stacked tbody td:last-child")
    label = "return getComputedStyle(arguments[0], '::before').content"
    assert {chromium.execute_script(label, cell) for cell in cells} == {'"Dead"'}
