"""A project without time zones: the commands work, and what they write names the offset."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from dj_actions.doctor import Thresholds, examine, publishers
from dj_actions.models import ActionEvent, ArchivedActionEvent, PublisherState
from dj_actions.outbox.queries import database_time
from dj_actions.outbox.times import aware, comparable
from tests.conftest import MakeDelivery
from tests.fixtures.outbox import OutboxJSON
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

ZONE = "Australia/Lord_Howe"
FIRST = datetime(2026, 4, 4, 14, 45, tzinfo=UTC)
SECOND = datetime(2026, 4, 4, 15, 15, tzinfo=UTC)
"""Both are 01:45 there: clocks are put back by half an hour at 02:00."""


@pytest.fixture(autouse=True)
def without_time_zones(settings: Settings) -> None:
    """Switch time zones off."""
    settings.USE_TZ, settings.TIME_ZONE = False, ZONE


@pytest.fixture
def events(make_delivery: MakeDelivery) -> None:
    """Two events at moments that a clock there shows alike, with deliveries."""
    settled_at = comparable(SECOND, using="default")
    for time in (FIRST, SECOND):
        event = make_delivery(**{**POSSIBLE["delivered"], "settled_at": settled_at}).event
        found = ActionEvent.objects.filter(pk=event.pk)
        found.update(created_at=comparable(time, using="default"))


def call(*arguments: str) -> str:
    said = io.StringIO()
    call_command(*arguments, stdout=said, stderr=said)
    return said.getvalue()


def times_of(archived: dict[str, Any]) -> list[datetime]:
    delivery, own = archived["deliveries"][0], ("created_at",)
    return [
        *(datetime.fromisoformat(archived[name]) for name in own),
        *(datetime.fromisoformat(delivery[name]) for name in ("queued_at", "settled_at")),
    ]


@pytest.mark.usefixtures("events")
def test_archived_times_have_an_offset(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    call("archive_actions", "--older-than-minutes=0", f"--to-file={file}")
    archived = [json.loads(line) for line in file.read_text().splitlines()]
    assert [times_of(entry)[0].astimezone(UTC) for entry in archived] == [FIRST, SECOND]
    assert all(time.tzinfo for entry in archived for time in times_of(entry))


@pytest.mark.usefixtures("events")
def test_times_in_the_table_of_archived_events_have_an_offset() -> None:
    call("archive_actions", "--older-than-minutes=0")
    archived = ArchivedActionEvent.objects.order_by("pk")
    assert [times_of(entry.content)[0].astimezone(UTC) for entry in archived] == [FIRST, SECOND]


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("option", "count"),
    [
        ("--since=2026-04-04T15:00:00Z", 1),
        ("--until=2026-04-04T15:00:00Z", 1),
        ("--since=2026-04-05T00:45:00+10:00", 2),
        ("--until=2026-04-05T00:45:00+10:00", 0),
    ],
)
def test_filters_by_time_respect_the_offset(
    outbox_json: OutboxJSON, option: str, count: int
) -> None:
    assert len(outbox_json("list", option)) == count
    assert all(datetime.fromisoformat(row["settled_at"]).tzinfo for row in outbox_json("list"))


def test_all_commands_work_and_show_utc(make_delivery: MakeDelivery) -> None:
    delivery = make_delivery()
    PublisherState.objects.pause("memory", by="ann", reason="upgrade")
    now = database_time(using="default")
    hour = aware(now, using="default").astimezone(UTC).strftime("%Y-%m-%d %H:")
    assert hour in call("outbox", "list")
    assert hour in call("outbox", "show", str(delivery.pk))
    assert "upgrade" in call("outbox", "stats")
    with pytest.raises(SystemExit):
        call("dj_actions_doctor")
    (paused,) = publishers.check_paused()
    assert f"since {hour}" in paused.message
    assert "0 events" in call("archive_actions", "--dry-run")
    assert "0" in call("prune_outbox", "--dry-run")


def test_the_doctor_fails_in_no_check(make_delivery: MakeDelivery) -> None:
    make_delivery()
    assert not [finding for finding in examine(Thresholds()) if "check failed" in finding.message]
