"""The log of actions: filters, pages, exports."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.conftest import MakeEvent

pytestmark = pytest.mark.django_db

LOG = reverse("dj_actions_console:actions")


def rows(browser: Client, query: str = "") -> list[str]:
    response = browser.get(f"{LOG}{query}")
    assert response.status_code == 200
    return [str(event.pk) for event in response.context["page"].rows]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("?resource=todo", 2),
        ("?action=mark_done", 1),
        ("?object=7", 1),
        ("?actor=ann", 1),
        ("?outcome=failed", 1),
        ("?since=2000-01-01T00:00", 3),
        ("?until=2000-01-01T00:00", 0),
    ],
)
def test_the_log_is_filtered(
    browser: Client, make_event: MakeEvent, query: str, count: int
) -> None:
    make_event(resource="todo", action="mark_done", object_id="7", object_ids=["7"])
    make_event(
        resource="todo", action="archive", object_id="8", object_ids=["8"],
        actor_id="1", actor_label="ann",
    )  # fmt: skip
    make_event(resource="list", action="rename", object_id="9", object_ids=["9"], status_code=500)
    assert len(rows(browser, query)) == count


def test_an_invalid_filter_is_not_ignored(browser: Client) -> None:
    response = browser.get(f"{LOG}?outcome=great")
    assert response.status_code == 400
    assert "Select a valid choice" in response.content.decode()
    assert browser.get(f"{LOG}?before=x").status_code == 400


def test_every_page_continues_after_the_one_before(
    settings: Settings, browser: Client, make_event: MakeEvent
) -> None:
    settings.DJ_ACTIONS_CONSOLE = {"PAGE_SIZE": 2}
    events = [str(make_event(resource="todo").pk) for _ in range(5)]
    seen, query = [], "?resource=todo"
    while query:
        response = browser.get(f"{LOG}{query}")
        seen += [str(event.pk) for event in response.context["page"].rows]
        query = response.context["page"].older
        assert not query or "resource=todo" in query
    assert seen == events[::-1]


def test_an_export_has_what_is_filtered(browser: Client, make_event: MakeEvent) -> None:
    event = make_event(resource="todo", summary="=HYPERLINK(1)")
    make_event(resource="list")
    csv_text = b"".join(browser.get(reverse("dj_actions_console:export", args=["csv"]),
                                    {"resource": "todo"})).decode()  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(csv_text))
    assert (row["id"], row["summary"]) == (str(event.pk), "'=HYPERLINK(1)")
    lines = b"".join(browser.get(reverse("dj_actions_console:export", args=["json"]))).splitlines()
    assert [json.loads(line)["resource"] for line in lines] == ["list", "todo"]
