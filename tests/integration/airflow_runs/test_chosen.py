"""Which runs are acted on: those of the chosen deliveries."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_airflow import runs
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied

from dj_actions.exceptions import InvalidAction
from dj_actions.models import Delivery
from dj_actions.publishers import OperationStatus
from tests.conftest import MakeDelivery, MakeUser
from tests.integration.airflow.destination import AirflowDestination
from tests.integration.airflow_runs.conftest import MakeRun
from tests.integration.airflow_runs.operations import (
    VERBS,
    WHO_AND_WHY,
    changes,
    each_verb,
    records,
    run_of,
    statuses,
)
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db


def test_deliveries_ids_and_query_sets_may_be_chosen(
    make_run: MakeRun, make_delivery: MakeDelivery
) -> None:
    first, second = make_run(), make_run()
    choices: list[Any] = [
        [second, first.pk],
        Delivery.objects.all(),
        Delivery.objects.order_by("-pk")[:2],
    ]
    for chosen in choices:
        outcomes = runs.note(chosen, "looked at", actor=None, dry_run=True)
        assert [outcome.delivery for outcome in outcomes] == [first.pk, second.pk]


def test_a_delivery_without_a_run_is_skipped_with_the_reason(
    make_delivery: MakeDelivery, pipelines: AirflowDestination
) -> None:
    chosen = [
        make_delivery(publisher="memory", **POSSIBLE["succeeded"]).pk,
        make_delivery(publisher="pipelines").pk,
        make_delivery(publisher="pipelines", **POSSIBLE["delivered, no receipt"]).pk,
        make_delivery(publisher="removed", **POSSIBLE["succeeded"]).pk,
    ]
    outcomes = runs.rerun([*chosen, 10**9], **WHO_AND_WHY)

    assert statuses(outcomes) == ["skipped"] * 5
    for outcome, word in zip(
        outcomes, ["'memory'", "pending", "No run", "'removed'", "no such delivery"], strict=True
    ):
        assert word in outcome.message
    assert pipelines.server.requests == []
    assert records() == []


@pytest.fixture
def of_two_runs(make_run: MakeRun, pipelines: AirflowDestination) -> Delivery:
    """A delivery whose message has started two runs."""
    delivery = make_run("failed")
    ids = [f"{delivery.receipt_id}-{suffix}" for suffix in ("0", "1")]
    for run_id in ids:
        pipelines.add_run("reports", run_id, {"id": run_id}, "failed")
    del pipelines.runs["reports", delivery.receipt_id]
    delivery.receipt_parts = [{"id": run_id, "scope": "reports", "url": ""} for run_id in ids]
    delivery.receipt_id = ids[0]
    delivery.save()
    return delivery


def test_all_runs_of_one_delivery_are_acted_on(
    of_two_runs: Delivery, pipelines: AirflowDestination
) -> None:
    outcomes = runs.rerun([of_two_runs], **WHO_AND_WHY)

    assert statuses(outcomes) == ["done"] * 2
    assert {outcome.delivery for outcome in outcomes} == {of_two_runs.pk}
    assert [run["state"] for run in pipelines.runs.values()] == ["queued"] * 2


def test_each_of_several_runs_is_followed_by_the_one_that_replaces_it(
    of_two_runs: Delivery, pipelines: AirflowDestination
) -> None:
    outcomes = runs.trigger([of_two_runs], {"x": 1}, **WHO_AND_WHY)

    assert statuses(outcomes) == ["done"] * 2
    of_two_runs.refresh_from_db()
    followed = [part["id"] for part in of_two_runs.receipt_parts]
    assert of_two_runs.receipt_id == followed[0]
    assert [pipelines.runs["reports", run_id]["conf"]["x"] for run_id in followed] == [1, 1]
    assert of_two_runs.remote_state == "running"


@each_verb
def test_a_dry_run_reads_and_changes_nothing(
    make_run: MakeRun, pipelines: AirflowDestination, verb: str
) -> None:
    delivery = make_run()
    pipelines.paused = {"reports"}
    before = dict(run_of(pipelines, delivery))
    (outcome,) = VERBS[verb]([delivery], actor=None, reason="", dry_run=True)

    assert outcome.status == OperationStatus.PLANNED
    assert changes(pipelines) == []
    assert (run_of(pipelines, delivery), records()) == (before, [])


@pytest.mark.parametrize("verb", ["rerun", "mark", "trigger"])
def test_without_a_reason_nothing_is_done(
    make_run: MakeRun, pipelines: AirflowDestination, verb: str
) -> None:
    with pytest.raises(InvalidAction, match="reason is empty"):
        VERBS[verb]([make_run()], actor=None, reason=" ")
    assert pipelines.server.requests == []


@each_verb
def test_each_operation_needs_its_own_permission(
    make_run: MakeRun, pipelines: AirflowDestination, make_user: MakeUser, verb: str
) -> None:
    delivery = make_run()
    pipelines.paused = {"reports"}
    own = Permission.objects.filter(codename=f"{verb}_airflowrun")
    others = Permission.objects.exclude(pk__in=own)
    assert own.count() == 1
    user, other = make_user("clerk"), make_user("other")
    user.user_permissions.set(own)
    other.user_permissions.set(others)

    with pytest.raises(PermissionDenied, match=rf"dj_actions_airflow\.{verb}_airflowrun"):
        VERBS[verb]([delivery], actor=other, reason="x")
    assert pipelines.server.requests == []
    assert statuses(VERBS[verb]([delivery], actor=user, reason="x")) == ["done"]
