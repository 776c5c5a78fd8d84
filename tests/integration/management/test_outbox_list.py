"""manage.py outbox list and show: deliveries, their attempts and their remote runs."""

from __future__ import annotations

from typing import Any

import pytest

from dj_actions.models import Delivery
from tests.conftest import MakeDelivery, MakeEvent
from tests.fixtures.outbox import (
    STATES,
    MakeSent,
    Outbox,
    OutboxJSON,
)
from tests.integration.management.dead_letters import DEAD, ERRORS
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]


def ids(listed: list[dict[str, Any]]) -> list[int]:
    return [entry["id"] for entry in listed]


# list


def test_a_list_shows_each_delivery_in_a_line(outbox: Outbox, make_delivery: MakeDelivery) -> None:
    pending, dead = make_delivery(), make_delivery(publisher="other", **DEAD)
    heading, first, second = outbox("list").splitlines()

    assert heading.split() == [
        *("ID", "PUBLISHER", "STATE", "ACTION", "OBJECTS", "ATTEMPTS"),
        *("NEXT", "ATTEMPT", "LAST", "ERROR"),
    ]
    assert first.split()[:6] == [str(pending.pk), "memory", "pending", "todo.mark_done", "7", "0"]
    assert second.split()[:6] == [str(dead.pk), "other", "dead", "todo.mark_done", "7", "2"]
    assert second.endswith("rejected: no [2J")


def test_a_list_as_json_has_every_field(
    outbox_json: OutboxJSON, make_delivery: MakeDelivery
) -> None:
    dead = make_delivery(**DEAD, ordering_key="7")
    (entry,) = outbox_json("list")

    assert entry["settled_at"] is not None
    assert entry["available_at"] is not None
    del entry["settled_at"], entry["available_at"]
    assert entry == {
        "id": dead.pk,
        "publisher": "memory",
        "state": "dead",
        "action": "todo.mark_done",
        "objects": ["7"],
        "event": str(dead.event_id),
        "attempts": 2,
        "ordering_key": "7",
        "last_error": ERRORS[-1],
        "remote_state": "untracked",
        "remote_run": "",
        "remote_failure": None,
    }


@pytest.mark.parametrize("state", STATES)
def test_a_list_may_be_of_one_state(
    outbox_json: OutboxJSON, of_all_states: dict[str, Delivery], state: str
) -> None:
    assert ids(outbox_json("list", "--state", state)) == [of_all_states[state].pk]


def test_a_list_may_be_narrowed(
    outbox_json: OutboxJSON, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    event = make_event(action="hand_over", object_id="8")
    wanted = make_delivery(event=event, publisher="other", ordering_key="8", errors=ERRORS)
    make_delivery()

    for filters in (
        (wanted.pk,),
        ("--event", event.pk),
        ("--publisher", "other"),
        ("--action", "todo.hand_over"),
        ("--action", "hand_over"),
        ("--object", "8"),
        ("--key", "8"),
        ("--error", "AWAY"),
        ("--object", "8", "--since", "2020-01-01", "--until", "2999-01-01T00:00:00+02:00"),
    ):
        assert ids(outbox_json("list", *filters)) == [wanted.pk]
    assert outbox_json("list", "--until", "2020-01-01") == []
    assert outbox_json("list", "--since", "2999-01-01") == []


def test_a_list_ends_at_its_limit_and_says_so(outbox: Outbox, make_delivery: MakeDelivery) -> None:
    made = [make_delivery().pk for _ in range(3)]
    lines = outbox("list", "--limit", 2).splitlines()

    assert [line.split()[0] for line in lines[1:3]] == [str(key) for key in made[:2]]
    assert lines[3:] == ["2 of 3 shown; see --limit."]
    assert len(outbox("list", "--limit", 3).splitlines()) == 4


# remote runs

FAILURE = {
    "task": "write_report",
    "exception": "ValueError: no\x1b such todo",
    "log": ["first", "last\x1b[2J"],
    "try_number": 2,
}

HISTORY = [
    {"state": "failed", "detail": "write_report: ValueError", "at": "2026-01-01T00:00:00+00:00"},
    {"state": "running", "detail": "queued", "at": "2026-01-02T00:00:00+00:00"},
]


@pytest.fixture
def failed(make_delivery: MakeDelivery) -> Delivery:
    """A delivery whose remote run has failed."""
    return make_delivery(
        **POSSIBLE["succeeded"]
        | {
            "remote_state": "failed",
            "remote_detail": "failed",
            "remote_report": {"failure": FAILURE, "duration": 3.5},
            "remote_history": HISTORY,
        }
    )


def test_failed_runs_are_listed_with_the_reason(
    outbox: Outbox, outbox_json: OutboxJSON, make_delivery: MakeDelivery, failed: Delivery
) -> None:
    make_delivery(**POSSIBLE["succeeded"])
    make_delivery()
    text = outbox("list", "--remote-state", "failed")

    assert "REMOTE RUN" in text
    assert "failed: write_report: ValueError: no  such todo" in text
    (entry,) = outbox_json("list", "--remote-state", "failed")
    assert (entry["id"], entry["remote_failure"]) == (failed.pk, FAILURE)
    assert len(outbox_json("list")) == 3


def test_a_run_that_does_not_advance_says_why(outbox: Outbox, make_delivery: MakeDelivery) -> None:
    make_delivery(**POSSIBLE["running"], remote_report={"hint": "DAG 'x' is paused."})

    assert "running: DAG 'x' is paused." in outbox("list")


def test_without_remote_runs_a_list_has_no_column_for_them(
    outbox: Outbox, make_delivery: MakeDelivery
) -> None:
    make_delivery()

    assert "REMOTE RUN" not in outbox("list")
    assert "REMOTE RUNS" not in outbox("stats")


def test_a_failed_run_is_shown_with_its_log_and_its_states(
    outbox: Outbox, failed: Delivery
) -> None:
    lines = outbox("show", failed.pk).splitlines()

    assert "duration  3.5" in lines
    assert lines[lines.index("Its log ends with:") + 2 :][:2] == ["first", "last [2J"]
    assert "2026-01-02T00:00:00+00:00  running  queued" in lines


def test_runs_are_counted_by_state(
    outbox: Outbox, outbox_json: OutboxJSON, make_delivery: MakeDelivery, failed: Delivery
) -> None:
    for _ in range(2):
        make_delivery(**POSSIBLE["succeeded"])
    make_delivery(publisher="other")
    memory, other = outbox_json("stats")

    assert (memory["remote"], other["remote"]) == ({"failed": 1, "succeeded": 2}, {})
    assert "2 succeeded, 1 failed" in outbox("stats")


# show


def test_a_delivery_is_shown_with_its_event_its_errors_and_its_receipt(
    outbox: Outbox, outbox_json: OutboxJSON, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    event = make_event(request_data={"note": "ünï"}, summary="Done.")
    shown = make_delivery(event=event, **POSSIBLE["delivered"] | {"errors": ERRORS})
    text = outbox("show", shown.pk)

    for line in (
        "receipt_id         1",
        "2026-01-01T00:00:00+00:00  attempt 1  unavailable: away",
        "2026-01-02T00:00:00+00:00  attempt 2  rejected: no [2J",
        'request_data   {"note": "ünï"}',
        "summary        Done.",
    ):
        assert line in text.splitlines()
    data = outbox_json("show", shown.pk)
    assert (data["id"], data["receipt_id"], data["errors"]) == (shown.pk, "1", ERRORS)
    assert data["event"]["request_data"] == {"note": "ünï"}


def test_a_delivery_is_shown_with_its_attempts(
    outbox: Outbox, outbox_json: OutboxJSON, make_sent: MakeSent
) -> None:
    known = {"seconds": 0.0312, "relay": "web-1:4711"}
    shown = make_sent(
        took=1.5,
        errors=[
            ERRORS[0] | known | {"status": 503},
            ERRORS[1] | known | {"attempt": 40, "counted": False},
        ],
    )
    Delivery.objects.filter(pk=shown.pk).update(attempts=41)
    lines = outbox("show", shown.pk).splitlines()
    attempts = lines[lines.index("Attempts: 3") + 2 :][:4]

    assert attempts[:3] == [
        "2026-01-01T00:00:00+00:00  attempt 1  unavailable 503, after 31 ms, by web-1:4711: away",
        "… 38 attempts in between, not kept",
        (
            "2026-01-02T00:00:00+00:00  attempt 40  rejected, after 31 ms, by web-1:4711, "
            "not counted: no [2J"
        ),
    ]
    assert attempts[3].endswith("  attempt 41  delivered, after 1.5 s, by web-1:4711")
    data = outbox_json("show", shown.pk)["attempt_log"]
    assert [(entry["number"], entry["status"], entry["is_counted"]) for entry in data] == [
        (1, 503, True),
        (40, None, False),
        (41, None, True),
    ]


def test_a_delivery_that_was_not_attempted_says_so(
    outbox: Outbox, make_delivery: MakeDelivery
) -> None:
    assert "Attempts: none" in outbox("show", make_delivery().pk).splitlines()


@pytest.mark.parametrize(
    ("options", "text"), [({"feed": "ü"}, '{"feed": "ü"}'), ({}, "{}"), (None, "-")]
)
def test_the_recorded_options_of_the_route_are_shown(
    outbox: Outbox,
    outbox_json: OutboxJSON,
    make_delivery: MakeDelivery,
    options: dict[str, str] | None,
    text: str,
) -> None:
    shown = make_delivery(options=options)

    assert f"options            {text}" in outbox("show", shown.pk).splitlines()
    assert outbox_json("show", shown.pk)["options"] == options
