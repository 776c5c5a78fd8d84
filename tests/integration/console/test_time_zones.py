"""The console and the admin in projects with and without USE_TZ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from dj_actions.models import Delivery
from tests.conftest import MakeEvent

pytestmark = pytest.mark.django_db

ZONE = "America/Adak"

PAGES = (
    *(f"dj_actions_console:{name}" for name in ("overview", "actions", "deliveries", "runs")),
    *("dj_actions_console:dead_letters", "dj_actions_console:publishers"),
    *("admin:dj_actions_actionevent_changelist", "admin:dj_actions_delivery_changelist"),
    "admin:dj_actions_publisherstate_changelist",
)


@pytest.fixture(params=[True, False], ids=["USE_TZ", "no USE_TZ"])
def zone(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Set the zone of the project."""
    settings.USE_TZ, settings.TIME_ZONE = request.param, ZONE
    return ZONE


@pytest.mark.usefixtures("of_all_states", "zone")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_times(browser: Client, page: str) -> None:
    assert browser.get(reverse(page)).status_code == 200


@pytest.mark.usefixtures("of_all_states", "zone")
def test_the_page_of_an_event_shows_times(browser: Client) -> None:
    for event_id in Delivery.objects.values_list("event", flat=True):
        page = reverse("dj_actions_console:event", args=[event_id])
        assert browser.get(page).status_code == 200


def test_the_filters_are_times_of_the_projects_zone(
    browser: Client, make_event: MakeEvent, zone: str
) -> None:
    make_event()
    now = datetime.now(UTC).astimezone(ZoneInfo(zone))

    def shown(minutes: int) -> int:
        since = (now + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")
        page = browser.get(reverse("dj_actions_console:actions"), {"since": since})
        return len(page.context["page"].rows)

    assert (shown(-5), shown(5)) == (1, 0)
