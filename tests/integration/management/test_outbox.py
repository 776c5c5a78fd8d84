"""manage.py outbox."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError

from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations import pause
from tests.conftest import MakeDelivery, MakeEvent
from tests.fixtures.outbox import (
    Outbox,
    OutboxJSON,
    operations,
    states,
)
from tests.integration.management.dead_letters import DEAD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

CHANGES = {"retry": "pending", "cancel": "pending", "replay": "dead"}


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
