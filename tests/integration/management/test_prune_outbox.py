"""manage.py prune_outbox."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations import prune
from dj_actions.states import SETTLED_STATES, DeliveryState
from tests.conftest import InThread, MakeDelivery
from tests.fixtures.outbox import MakeSettled
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

NO_AGE = ("--delivered-after", "0", "--cancelled-after", "0", "--dead-after", "0")


def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("prune_outbox", *map(str, arguments), stdout=out)
    return out.getvalue()


def deleted(*arguments: Any) -> dict[str, int]:
    found: dict[str, int] = json.loads(run("--json", *arguments))["deleted"]
    return found


def left() -> set[int]:
    return set(Delivery.objects.values_list("pk", flat=True))


def test_old_settled_deliveries_are_deleted_and_their_events_kept(
    make_settled: MakeSettled,
) -> None:
    for state in ("delivered", "cancelled", "succeeded"):
        make_settled(state, 31)
    kept = {
        make_settled(state, days).pk
        for state, days in (("delivered", 29), ("cancelled", 29), ("dead", 3000))
    }

    assert deleted() == {"delivered": 2, "cancelled": 1, "dead": 0}
    assert left() == kept
    assert ActionEvent.objects.count() == 6


@pytest.mark.parametrize(
    ("age", "days", "goes"),
    [
        ("36", 1.6, True),
        ("36h", 1.4, False),
        ("1.5d", 1.6, True),
        ("2w", 14.1, True),
        ("2w", 13.9, False),
        ("never", 9999, False),
        ("0", 0.001, True),
        ("36500d", 9999, False),
    ],
)
@pytest.mark.parametrize("state", ["delivered", "cancelled", "dead"])
def test_each_state_has_its_own_age(
    make_settled: MakeSettled, state: str, age: str, days: float, goes: bool
) -> None:
    make_settled(state, days)
    others = {"delivered", "cancelled", "dead"} - {state}
    for other in others:
        make_settled(other, 9999)
    ages = [part for other in others for part in (f"--{other}-after", "never")]

    assert deleted(f"--{state}-after", age, *ages)[state] == goes
    assert Delivery.objects.count() == 3 - goes


@pytest.mark.parametrize("name", ["pending", "tried before", "sending"])
def test_an_open_delivery_is_never_deleted(make_delivery: MakeDelivery, name: str) -> None:
    made = make_delivery(**POSSIBLE[name])

    assert deleted(*NO_AGE) == {"delivered": 0, "cancelled": 0, "dead": 0}
    assert left() == {made.pk}


@pytest.mark.parametrize("state", set(DeliveryState) - SETTLED_STATES)
def test_an_open_state_cannot_be_pruned(state: DeliveryState) -> None:
    with pytest.raises(ValueError, match=f"Cannot prune {state} deliveries"):
        Delivery.objects.prunable(state, 0)


def test_a_run_that_is_still_followed_is_never_deleted(make_settled: MakeSettled) -> None:
    followed = make_settled("running", 9999)
    make_settled("succeeded", 9999)

    assert deleted(*NO_AGE)["delivered"] == 1
    assert left() == {followed.pk}


def test_a_dry_run_only_counts(make_settled: MakeSettled) -> None:
    made = make_settled("delivered", 31)

    assert deleted("--dry-run") == {"delivered": 1, "cancelled": 0, "dead": 0}
    assert run("--dry-run").splitlines() == [
        "STATE      AGE         WOULD BE DELETED",
        "delivered  after 30 d                 1",
        "cancelled  after 30 d                 0",
        "dead       never                      0",
    ]
    assert left() == {made.pk}


@pytest.mark.django_db(transaction=True)
def test_each_batch_is_a_transaction_of_its_own(
    make_settled: MakeSettled, in_thread: InThread[Any]
) -> None:
    for _ in range(5):
        make_settled("delivered", 2)
    progress: list[tuple[int, int]] = []

    def report(deleted: int) -> None:
        progress.append((deleted, in_thread(Delivery.objects.count)))

    result = prune(DeliveryState.DELIVERED, older_than=86_400, batch_size=2, on_batch=report)

    assert result.count == 5
    assert progress == [(2, 3), (4, 1), (5, 0)]


def test_the_command_works_in_batches(make_settled: MakeSettled) -> None:
    for _ in range(5):
        make_settled("cancelled", 31)

    assert deleted("--batch-size", 2)["cancelled"] == 5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_deliveries_that_are_locked_are_left_for_later(
    make_settled: MakeSettled, in_thread: InThread[Any]
) -> None:
    held = make_settled("delivered", 31)
    make_settled("delivered", 31)
    with transaction.atomic():
        Delivery.objects.select_for_update().get(pk=held.pk)

        assert in_thread(deleted)["delivered"] == 1
    assert left() == {held.pk}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--delivered-after", "-1"), "expected one argument|is not an age"),
        (("--delivered-after", "soon"), "'soon' is not an age; expected hours, or 12h"),
        (("--dead-after", "999999w"), "'999999w' is not an age"),
        (("--cancelled-after=inf",), "'inf' is not an age"),
        (("--batch-size", "0"), "'0' is not a positive integer"),
    ],
)
def test_an_invalid_argument_is_reported(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)
