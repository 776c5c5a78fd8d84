"""The record follows a run that was acted on to its next end."""

from __future__ import annotations

import pytest
from dj_actions_airflow import runs

from dj_actions.models import Delivery
from dj_actions.publishers import publishers
from dj_actions.relay.tracking.due_runs import track
from dj_actions.relay.tracking.run_pace import RunPace
from tests.integration.airflow.destination import AirflowDestination
from tests.integration.airflow_runs.conftest import MakeRun

pytestmark = pytest.mark.django_db


def check(delivery: Delivery) -> str:
    """Track what is due, and return the state of the run as it is recorded then."""
    track(publishers["pipelines"], RunPace(interval=1))
    delivery.refresh_from_db()
    return delivery.remote_state


def test_a_failed_run_that_is_rerun_is_followed_until_it_succeeds(
    make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    delivery = make_run("failed")
    runs.rerun([delivery], actor=None, reason="x")
    assert check(delivery) == "running"

    pipelines.runs["reports", delivery.receipt_id]["state"] = "success"
    Delivery.objects.matching(ids=[delivery.pk]).check_now()
    assert check(delivery) == "succeeded"


@pytest.mark.parametrize(("before", "mark"), [("success", "failed"), ("failed", "succeeded")])
def test_a_mark_is_recorded(make_run: MakeRun, before: str, mark: str) -> None:
    delivery = make_run(before)
    runs.mark([delivery], mark, actor=None, reason="x")

    assert check(delivery) == mark
