"""manage.py airflow_runs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.utils import timezone

from dj_actions.models import ActionEvent, Delivery
from tests.conftest import MakeDelivery
from tests.integration.airflow.destination import AirflowDestination
from tests.integration.airflow_runs.conftest import MakeRun
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db

RunCommand = Callable[..., tuple[str, str]]
WHY = ("--reason", "the disk was full")


@pytest.fixture
def airflow_runs() -> RunCommand:
    """Return a function that runs the command; it returns what it has printed, and its error."""

    def airflow_runs(*arguments: Any) -> tuple[str, str]:
        out, error = io.StringIO(), io.StringIO()
        try:
            call_command("airflow_runs", *map(str, arguments), stdout=out, stderr=error)
        except CommandError as failure:
            error.write(f"CommandError {failure.returncode}: {failure}")
        return out.getvalue(), error.getvalue().strip()

    return airflow_runs


def states(destination: AirflowDestination) -> list[str]:
    return [run["state"] for run in destination.runs.values()]


def test_each_run_has_a_line_and_the_outcomes_are_counted(
    airflow_runs: RunCommand, make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    first, second = make_run("failed"), make_run("running")
    out, error = airflow_runs("rerun", first.pk, second.pk, *WHY)

    one, two = out.splitlines()
    assert one.split()[:3] == [str(first.pk), first.receipt_id, "done"]
    assert two.split()[:3] == [str(second.pk), second.receipt_id, "skipped"]
    assert error == "CommandError 1: 1 done, 1 skipped."
    assert states(pipelines) == ["queued", "running"]


@pytest.mark.parametrize(
    ("arguments", "state"),
    [
        (("rerun",), "queued"),
        (("rerun", "--only-failed"), "queued"),
        (("mark", "--succeeded"), "success"),
        (("note", "--text", "ask bob"), "failed"),
        (("unpause",), "failed"),
        (("trigger", "--conf", '{"data": {}}'), "failed"),
    ],
)
def test_each_operation_is_available(
    airflow_runs: RunCommand,
    make_run: MakeRun,
    pipelines: AirflowDestination,
    arguments: tuple[str, ...],
    state: str,
) -> None:
    make_run("failed")
    pipelines.paused = {"reports"}
    _, error = airflow_runs(*arguments, "--publisher", "pipelines", *WHY)

    assert error == "1 done."
    assert states(pipelines)[0] == state
    intent = ActionEvent.objects.get(action=arguments[0])
    assert intent.request_data["reason"] == "the disk was full"


def test_runs_are_chosen_by_the_filters_of_outbox(
    airflow_runs: RunCommand, make_run: MakeRun, make_delivery: MakeDelivery
) -> None:
    failed, succeeded = make_run("failed"), make_run("success", dag_id="others")
    old = make_run("failed")
    ActionEvent.objects.filter(pk=old.event_id).update(
        created_at=timezone.now() - timedelta(days=3)
    )
    make_delivery(publisher="memory", **POSSIBLE["succeeded"])
    make_delivery(publisher="pipelines")

    for filters, expected in (
        (("--all",), [failed, succeeded, old]),
        (("--remote-state", "failed"), [failed, old]),
        (("--remote-state", "failed", "--limit", "1"), [failed]),
        (("--older-than", "2d"), [old]),
        (("--older-than", "30min"), [old]),
        (("--event", succeeded.event_id), [succeeded]),
        ((failed.pk, old.pk, "--older-than", "48h"), [old]),
    ):
        out, _ = airflow_runs("note", "--text", "x", "--dry-run", "--json", *filters)
        found = [entry["delivery"] for entry in json.loads(out)]
        assert found == [delivery.pk for delivery in expected], filters


def test_a_dry_run_changes_nothing(
    airflow_runs: RunCommand, make_run: MakeRun, pipelines: AirflowDestination
) -> None:
    make_run("failed")
    out, error = airflow_runs("rerun", "--all", "--dry-run")

    assert "planned" in out
    assert error == "1 planned."
    assert states(pipelines) == ["failed"]
    assert not ActionEvent.objects.filter(resource="airflow_run").exists()


def test_what_does_not_match_is_reported(airflow_runs: RunCommand, make_run: MakeRun) -> None:
    delivery = make_run("failed")

    assert airflow_runs("rerun", "--remote-state", "succeeded", *WHY) == (
        "",
        "CommandError 1: No delivery with a run in Airflow matches.",
    )
    out, error = airflow_runs("rerun", delivery.pk, 10**9, "--remote-state", "failed", *WHY)
    assert error == f"Not matched: {10**9}.\n1 done."
    out, error = airflow_runs("rerun", 10**9, *WHY)
    assert "There is no such delivery." in out
    assert error == "CommandError 1: 1 skipped."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rerun",), "Without a filter"),
        (("rerun", "--all"), "reason is empty"),
        (("rerun", "--all", "--publisher", "piplines"), "piplines"),
        (("note", "--all", "--text", " "), "note has 0 characters"),
        (("rerun", "--all", "--reason", "x", "--as", "nobody"), "There is no user"),
        (("mark", "--all"), "one of the arguments --succeeded --failed is required"),
        (("trigger", "--all"), "one of the arguments --conf --conf-file is required"),
        (("trigger", "--all", "--conf", "[]"), "it is not a JSON object"),
        (("trigger", "--all", "--conf", "{"), "it is not JSON"),
        (("trigger", "--all", "--conf-file", "/no/such/file"), "cannot be read"),
        (("rerun", "--all", "--older-than", "never"), "is not an age"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    airflow_runs: RunCommand,
    make_run: MakeRun,
    pipelines: AirflowDestination,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    make_run("failed")
    with pytest.raises(CommandError, match=message):
        call_command("airflow_runs", *arguments, stdout=io.StringIO(), stderr=io.StringIO())

    assert pipelines.server.requests == []


def test_the_user_is_recorded_and_needs_the_permission(
    airflow_runs: RunCommand, make_run: MakeRun, ann: User, pipelines: AirflowDestination
) -> None:
    make_run("failed")
    _, error = airflow_runs("rerun", "--all", *WHY, "--as", "ann")
    assert "dj_actions_airflow.rerun_airflowrun" in error
    assert states(pipelines) == ["failed"]

    ann.user_permissions.set(Permission.objects.filter(codename="rerun_airflowrun"))
    assert airflow_runs("rerun", "--all", *WHY, "--as", "ann")[1] == "1 done."
    assert {event.actor_label for event in ActionEvent.objects.filter(action="rerun")} == {"ann"}


def test_a_conf_may_be_in_a_file(
    airflow_runs: RunCommand, make_run: MakeRun, pipelines: AirflowDestination, tmp_path: Path
) -> None:
    make_run("failed")
    file = tmp_path / "conf.json"
    file.write_text('{"verb": "x"}', encoding="utf-8")
    airflow_runs("trigger", "--all", "--conf-file", file, "--replace", *WHY)

    (run,) = [run for run in pipelines.runs.values() if run["state"] == "queued"]
    assert run["conf"] == {"verb": "x"}
    assert Delivery.objects.get().receipt_id == run["dag_run_id"]
