"""manage.py outbox."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError

from dj_actions.models import ActionEvent, Delivery, PublisherState
from dj_actions.operations import pause
from tests.conftest import MakeDelivery, MakeEvent
from tests.fixtures.outbox import (
    STATES,
    MakeSent,
    Outbox,
    OutboxJSON,
    operations,
    states,
)
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

ERRORS = [
    {"at": "2026-01-01T00:00:00+00:00", "attempt": 1, "kind": "unavailable", "message": "away"},
    {"at": "2026-01-02T00:00:00+00:00", "attempt": 2, "kind": "rejected", "message": "no\x1b[2J"},
]
DEAD = {**POSSIBLE["dead"], "errors": ERRORS, "attempts": 2}
CHANGES = {"retry": "pending", "cancel": "pending", "replay": "dead"}


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


# retry, cancel, replay


@pytest.mark.parametrize(
    ("operation", "after", "said"),
    [
        ("retry", "pending", "1 delivery made due."),
        ("cancel", "cancelled", "1 delivery cancelled."),
        ("replay", "pending", "1 delivery replayed."),
    ],
)
def test_only_deliveries_in_the_required_state_change(
    outbox: Outbox,
    of_all_states: dict[str, Delivery],
    operation: str,
    after: str,
    said: str,
) -> None:
    reason = () if operation == "retry" else ("--reason", "x")
    before = states()

    assert outbox(operation, "--all", *reason).splitlines() == [said]
    assert states() == before | {of_all_states[CHANGES[operation]].pk: after}


def test_a_retry_makes_a_pending_delivery_due(outbox: Outbox, make_delivery: MakeDelivery) -> None:
    waiting = make_delivery(available_at="2999-01-01T00:00:00Z")
    outbox("retry", waiting.pk)

    assert Delivery.objects.due("memory").get() == waiting


def test_a_replay_is_recorded_with_actor_and_reason(
    outbox_json: OutboxJSON, ann: User, make_delivery: MakeDelivery
) -> None:
    dead, other = make_delivery(**DEAD), make_delivery(**DEAD)
    answer = outbox_json("replay", dead.pk, "--as", "ann", "--reason", "the DAG is back")

    assert answer == {"operation": "replay", "dry_run": False, "count": 1}
    (event,) = operations()
    assert (event.label, event.actor_label) == ("delivery.replay", "ann")
    assert event.request_data == {
        "reason": "the DAG is back",
        "deliveries": [dead.pk],
        "count": 1,
    }
    assert states() == {dead.pk: "pending", other.pk: "dead"}


def test_what_was_delivered_is_replayed_only_with_the_option_delivered(
    outbox: Outbox, outbox_json: OutboxJSON, of_all_states: dict[str, Delivery]
) -> None:
    row, before = of_all_states["delivered"], states()
    with pytest.raises(CommandError, match="No dead delivery"):
        outbox("replay", row.pk, "--reason", "x")
    with pytest.raises(CommandError, match="Give a --reason"):
        outbox("replay", row.pk, "--delivered")
    preview = outbox("replay", "--all", "--delivered", "--dry-run")
    assert "1 delivery would be sent again, although delivered before." in preview
    assert states() == before

    answer = outbox_json("replay", row.pk, "--delivered", "--reason", "the feed was emptied")
    assert answer == {"operation": "replay_delivered", "dry_run": False, "count": 1}
    assert states() == before | {row.pk: "pending"}
    assert operations()[0].label == "delivery.replay_delivered"


@pytest.mark.parametrize("operation", CHANGES)
def test_a_dry_run_shows_the_deliveries_and_changes_nothing(
    outbox: Outbox, outbox_json: OutboxJSON, of_all_states: dict[str, Delivery], operation: str
) -> None:
    before = list(Delivery.objects.order_by("pk").values())
    (meant,) = (row for name, row in of_all_states.items() if name == CHANGES[operation])
    answer = outbox_json(operation, "--all", "--dry-run")
    text = outbox(operation, "--all", "--dry-run")

    assert (answer["dry_run"], answer["count"]) == (True, 1)
    (entry,) = answer["deliveries"]
    assert (entry["id"], entry["publisher"]) == (meant.pk, "memory")
    assert (entry["action"], entry["objects"]) == ("todo.mark_done", ["7"])
    assert f"{meant.pk}  memory" in text
    assert "Dry run: 1 delivery would be" in text
    assert list(Delivery.objects.order_by("pk").values()) == before
    assert operations() == []


@pytest.mark.parametrize("operation", CHANGES)
def test_every_delivery_is_affected_only_with_the_option_all(
    outbox: Outbox, of_all_states: dict[str, Delivery], operation: str
) -> None:
    before = states()
    for arguments in ([], ["--limit", "1"], ["--dry-run"]):
        with pytest.raises(CommandError, match="confirm with --all"):
            outbox(operation, *([] if operation == "retry" else ["--reason", "x"]), *arguments)

    assert states() == before


@pytest.mark.parametrize("operation", ["cancel", "replay"])
@pytest.mark.parametrize("reason", [[], ["--reason", " "]])
def test_a_recorded_operation_needs_a_reason(
    outbox: Outbox, of_all_states: dict[str, Delivery], operation: str, reason: list[str]
) -> None:
    before = states()
    with pytest.raises(CommandError, match="Give a --reason"):
        outbox(operation, "--all", *reason)

    assert states() == before


def test_the_oldest_are_taken_up_to_a_limit(outbox: Outbox, make_delivery: MakeDelivery) -> None:
    made = [make_delivery(**DEAD).pk for _ in range(3)]
    outbox("replay", "--action", "todo.mark_done", "--limit", 2, "--reason", "x")

    assert [states()[key] for key in made] == ["pending", "pending", "dead"]


def test_notes_explain_why_replayed_deliveries_are_not_sent(
    outbox: Outbox, make_delivery: MakeDelivery
) -> None:
    make_delivery(**DEAD)
    make_delivery(publisher="gone", **DEAD)
    pause("memory", actor=None, reason="x")
    notes = [
        "gone is not configured in DJ_ACTIONS: no relay serves it.",
        "memory is paused by the system: nothing is sent until it is resumed.",
    ]

    assert outbox("replay", "--all", "--dry-run").splitlines()[-2:] == notes
    assert outbox("replay", "--all", "--reason", "x").splitlines()[-2:] == notes


# pause, resume


def test_publishers_are_paused_and_resumed(
    outbox: Outbox, outbox_json: OutboxJSON, ann: User
) -> None:
    why = ("--reason", "maintenance", "--as", "ann")

    assert outbox("pause", "memory", *why).splitlines() == ["memory: paused."]
    assert outbox_json("pause", "memory", "other", *why) == {
        "operation": "pause",
        "changed": ["other"],
        "unchanged": ["memory"],
    }
    assert PublisherState.objects.paused().count() == 2
    assert outbox("resume", "memory", *why).splitlines() == ["memory: resumed."]
    with pytest.raises(CommandError, match="memory: not paused"):
        outbox("resume", "memory", *why)
    assert [(event.label, event.object_id, event.actor_label) for event in operations()] == [
        ("publisher.pause", "memory", "ann"),
        ("publisher.pause", "other", "ann"),
        ("publisher.resume", "memory", "ann"),
    ]


def test_a_publisher_that_has_left_the_settings_can_be_resumed(outbox: Outbox) -> None:
    PublisherState.objects.pause("gone", by="", reason="x")

    assert outbox("resume", "gone", "--reason", "x").strip() == "gone: resumed."


def test_where_one_name_is_wrong_no_publisher_is_paused(outbox: Outbox) -> None:
    with pytest.raises(CommandError, match=r"no publisher 'oter' in .*\. Did you mean 'other'"):
        outbox("pause", "memory", "oter", "--reason", "x")
    assert not PublisherState.objects.exists()


# stats


def test_stats_show_the_queue_and_state_of_each_publisher(
    outbox: Outbox, outbox_json: OutboxJSON, of_all_states: dict[str, Delivery]
) -> None:
    pause("other", actor=None, reason="maintenance")
    memory, other = outbox_json("stats")

    assert {state: memory[state] for state in STATES} == dict.fromkeys(STATES, 1)
    assert memory["oldest_pending_seconds"] >= 0
    assert (memory["paused_at"], other["pause_reason"]) == (None, "maintenance")
    assert (other["pending"], other["oldest_pending_seconds"]) == (0, None)
    heading, first, second = outbox("stats").splitlines()
    assert heading.split()[:2] == ["PUBLISHER", "PENDING"]
    assert first.split()[:6] == ["memory", "1", "1", "1", "1", "1"]
    assert second.endswith("paused by the system: maintenance")
    assert outbox_json("stats", "--publisher", "other") == [other]


def test_stats_show_how_long_deliveries_took(
    outbox: Outbox, outbox_json: OutboxJSON, make_sent: MakeSent
) -> None:
    make_sent(waited=2, took=0.031)
    make_sent(ago=7200, waited=4, took=1.5)
    memory, other = outbox_json("stats")

    assert memory["timings"]["1 h"] == {
        "window": 3600,
        "deliveries": 1,
        "is_sample": False,
        "waiting": {"p50": 2, "p95": 2, "p99": 2},
        "sending": {"p50": 0.031, "p95": 0.031, "p99": 0.031},
        "running": None,
    }
    assert memory["timings"]["24 h"]["deliveries"] == 2
    assert other["timings"]["24 h"]["sending"] is None
    lines = outbox("stats").splitlines()
    heading, hour, day = lines[lines.index("") + 1 :]
    assert heading.split()[:3] == ["PUBLISHER", "LAST", "DELIVERED"]
    assert hour.split()[:4] == ["memory", "1", "h", "1"]
    assert "2 s / 2 s / 2 s" in hour
    assert "31 ms / 31 ms / 31 ms" in hour
    assert "31 ms / 1.5 s / 1.5 s" in day


# What is wrong


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("retry", "--all"),
        ("cancel", "--all", "--reason", "x"),
        ("replay", "--all", "--reason", "x"),
        ("replay", "--all", "--dry-run"),
    ],
)
def test_where_nothing_matches_the_exit_code_is_one(
    outbox: Outbox, make_event: MakeEvent, arguments: tuple[str, ...]
) -> None:
    make_event()
    with pytest.raises(CommandError, match="delivery matches") as caught:
        outbox(*arguments)

    assert caught.value.returncode == 1
    assert ActionEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "OPERATION"),
        (("list", "x"), "'x' is not a delivery id"),
        (("list", "9" * 30), "is not a delivery id"),
        (("show", "7"), "There is no delivery 7"),
        (("list", "--limit", "0"), "'0' is not a positive integer"),
        (("list", "--since", "soon"), "'soon' is not an ISO 8601 time"),
        (("list", "--event", "x"), "invalid UUID value: 'x'"),
        (("list", "--state", "lost"), "invalid choice: 'lost'"),
        (("pause", "memory"), "--reason"),
        (("resume", "mmemory", "--reason", "x"), "Did you mean 'memory'"),
        (("stats", "--publisher", "x"), "There is no publisher 'x' .* There are: memory, other"),
        (("pause", "x", "--reason", "x"), "There is no publisher 'x' .* There are: memory, other"),
        (("list", "--publisher", "memry"), "There is no publisher .* Did you mean 'memory'"),
        (("cancel", "--publisher", "memry", "--reason=x"), "Did you mean 'memory'"),
        (("replay", "1", "--reason", "x", "--as", "eve"), "There is no user 'eve'"),
    ],
)
def test_an_invalid_argument_is_reported(
    outbox: Outbox, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        outbox(*arguments)
