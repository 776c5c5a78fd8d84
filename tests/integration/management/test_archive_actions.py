"""Old events are archived: with the command, or over the API."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django import Settings

from dj_actions.models import ActionEvent, ArchivedActionEvent, Delivery
from dj_actions.operations import archive
from tests.conftest import ClientOf, InThread, MakeDelivery, MakeEvent
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
URL = "/api/action-events/actions/archive_actions/"

MakeOld = Callable[..., ActionEvent]


@pytest.fixture
def make_old(make_event: MakeEvent) -> MakeOld:
    """Return a function that makes an event some days old."""

    def make_old(days: float = 2, **fields: Any) -> ActionEvent:
        event = make_event(**fields)
        ActionEvent.objects.filter(pk=event.pk).update(created_at=datetime.now(UTC) - days * DAY)
        event.refresh_from_db()
        return event

    return make_old


def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("archive_actions", *map(str, arguments), stdout=out)
    return out.getvalue().strip()


def test_the_older_events_go_and_the_newer_ones_stay(make_old: MakeOld) -> None:
    old, new = make_old(1.1, summary="done"), make_old(0.9)

    assert run() == "1 events archived to the table of archived events."
    assert ActionEvent.objects.get() == new
    archived = ArchivedActionEvent.objects.get()
    assert (archived.pk, archived.created_at) == (old.pk, old.created_at)
    assert archived.content["summary"] == "done"


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["--older-than-minutes", 60], 1),
        (["--older-than-minutes", 60 * 24 * 4], 3),
        (["--before", (datetime.now(UTC) - 2 * DAY).isoformat()], 2),
        (["--before", "2020-01-01"], 3),
    ],
)
def test_the_age_may_be_given(make_old: MakeOld, arguments: list[Any], left: int) -> None:
    for days in (0.01, 1, 3):
        make_old(days)
    run(*arguments)

    assert ActionEvent.objects.count() == left


@pytest.mark.parametrize("setting", ["DJACTION_TTL_MINUTES", "TTL_MINUTES"])
def test_the_setting_decides_which_events_are_old(
    make_old: MakeOld, settings: Settings, setting: str
) -> None:
    if setting == "TTL_MINUTES":
        settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, setting: 30}
    else:
        settings.DJACTION_TTL_MINUTES = 30
    make_old(1 / 24)

    assert run().startswith("1 events")


@pytest.mark.parametrize("state", ["pending", "sending", "dead", "running"])
def test_an_event_that_is_still_needed_stays(
    make_old: MakeOld, make_delivery: MakeDelivery, state: str
) -> None:
    event = make_old()
    make_delivery(event=event, **POSSIBLE["delivered"])
    make_delivery(event=event, **POSSIBLE[state] | {"publisher": "other"})

    assert run().startswith("0 events")
    assert ActionEvent.objects.exists()


def test_deliveries_are_archived_with_their_event(
    make_old: MakeOld, make_delivery: MakeDelivery
) -> None:
    event = make_old()
    delivery = make_delivery(event=event, **POSSIBLE["delivered"])
    run()

    assert not Delivery.objects.exists()
    (kept,) = ArchivedActionEvent.objects.get().content["deliveries"]
    assert (kept["id"], kept["state"]) == (delivery.pk, "delivered")


def test_a_part_outlives_the_record_of_its_whole(make_old: MakeOld) -> None:
    whole = make_old()
    part = make_old(0.1, parent=whole)
    run()

    part.refresh_from_db()
    assert part.parent_id == whole.pk
    assert not ActionEvent.objects.filter(pk=whole.pk).exists()


def test_a_file_takes_them_one_per_line(make_old: MakeOld, tmp_path: Path) -> None:
    events = [make_old(4, summary="ünï"), make_old(3)]
    file = tmp_path / "events.jsonl"
    file.write_text('{"id": "earlier"}\n', encoding="utf-8")

    assert run("--to-file", file, "--batch-size", 1) == f"2 events archived to {file}."
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["earlier", *(str(event.pk) for event in events)]
    assert lines[1]["summary"] == "ünï"
    assert not ActionEvent.objects.exists()
    assert not ArchivedActionEvent.objects.exists()


def test_events_that_cannot_be_written_are_not_deleted(make_old: MakeOld, tmp_path: Path) -> None:
    make_old()

    with pytest.raises(CommandError, match=r"Cannot write to .* 0 events were archived before"):
        run("--to-file", tmp_path / "no" / "such")
    assert ActionEvent.objects.exists()


def test_a_dry_run_only_counts(make_old: MakeOld) -> None:
    make_old()

    assert run("--dry-run") == "1 events would be archived."
    assert ActionEvent.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--batch-size", 0], "--batch-size: '0' is not a positive integer"),
        (
            ["--older-than-minutes", -1],
            "--older-than-minutes: '-1' is not a number of minutes between 0 and",
        ),
        (["--before", "soon"], "--before: 'soon' is not an ISO 8601 time"),
    ],
)
def test_an_invalid_argument_is_reported(arguments: list[Any], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)


@pytest.mark.django_db(transaction=True)
def test_each_batch_is_a_transaction_of_its_own(
    make_old: MakeOld, in_thread: InThread[Any]
) -> None:
    for _ in range(5):
        make_old()
    progress: list[tuple[int, int]] = []

    def report(archived: int) -> None:
        progress.append((archived, in_thread(ActionEvent.objects.count)))

    result = archive(before=datetime.now(UTC) - DAY, batch_size=2, on_batch=report)

    assert result.count == 5
    assert progress == [(2, 3), (4, 1), (5, 0)]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_events_that_are_locked_are_left_for_later(
    make_old: MakeOld, in_thread: InThread[Any]
) -> None:
    held, free = make_old(5), make_old(4)
    with transaction.atomic():
        ActionEvent.objects.select_for_update().get(pk=held.pk)

        assert in_thread(run).startswith("1 events")
    assert ActionEvent.objects.get() == held
    assert ArchivedActionEvent.objects.get().pk == free.pk


# Over the API


def test_a_superuser_archives_over_the_api(
    client_of: ClientOf, admin: User, make_old: MakeOld
) -> None:
    make_old()
    new = make_old(0.5)
    response = client_of(admin).post(URL, {}, format="json")

    assert (response.status_code, response.json()) == (
        200,
        {"meta": {"count": 1, "has_more": False}, "results": []},
    )
    assert set(ActionEvent.objects.values_list("action", "pk")) == {
        ("mark_done", new.pk),
        ("archive_actions", ActionEvent.objects.get(action="archive_actions").pk),
    }


def test_the_moment_may_be_given(client_of: ClientOf, admin: User, make_old: MakeOld) -> None:
    make_old(0.5)
    body = {"delete_before": (datetime.now(UTC) - DAY / 4).isoformat()}

    assert client_of(admin).post(URL, body, format="json").json()["meta"]["count"] == 1


def test_others_may_not(client_of: ClientOf, ann: User, admin: User, make_old: MakeOld) -> None:
    make_old()
    ann.is_staff = True
    ann.save()

    assert client_of(ann).post(URL, {}, format="json").status_code == 403
    assert client_of(None).post(URL, {}, format="json").status_code == 401
    assert not ArchivedActionEvent.objects.exists()


def test_the_events_have_their_actions_listed(client_of: ClientOf, admin: User) -> None:
    listed = client_of(admin).get("/api/action-events/actions/list/").json()

    assert [entry["id"] for entry in listed["bulk_actions"]] == ["archive_actions"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions.")
def test_a_new_file_is_for_its_owner_alone(make_old: MakeOld, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    make_old()
    previous = os.umask(0)
    try:
        run("--to-file", file)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_symbolic_link_is_not_followed(make_old: MakeOld, tmp_path: Path) -> None:
    link, target = tmp_path / "events.jsonl", tmp_path / "target"
    link.symlink_to(target)
    make_old()
    with pytest.raises(CommandError, match=r"Cannot write to .* It is a symbolic link"):
        run("--to-file", link)
    assert not target.exists()
    assert ActionEvent.objects.count() == 1
