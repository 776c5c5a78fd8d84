"""The DAGs, run to their end by Airflow in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import ParamValidationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DagRun

    RunDag = Callable[[str, dict[str, Any]], DagRun]

Conf = dict[str, Any]


def assert_failed_without_retries(run: DagRun, task_id: str) -> None:
    task = run.get_task_instance(task_id)
    assert (run.state, task.state, task.try_number) == ("failed", "failed", 1)


def returned(run: DagRun, task_id: str) -> Any:
    return run.get_task_instance(task_id).xcom_pull(task_ids=task_id)


def test_the_folder_has_these_dags_and_nothing_broken(dag_bag: DagBag) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == {"todo_completed", "todos_completed"}


def test_a_single_action_gets_a_report(run_dag: RunDag, conf: Conf, reports: Path) -> None:
    run = run_dag("todo_completed", conf)

    assert run.state == "success"
    [file] = reports.iterdir()
    assert file.name == f"{run.run_id}.json"
    report = json.loads(file.read_text())
    assert report == returned(run, "write_report")
    assert report["lines"] == ["todo 7: mark_done by ann"]


def test_a_bulk_action_gets_one_report(run_dag: RunDag, bulk_conf: Conf, reports: Path) -> None:
    run = run_dag("todos_completed", bulk_conf)

    assert run.state == "success"
    [file] = reports.iterdir()
    report = json.loads(file.read_text())
    assert report == returned(run, "write_report")
    assert report["lines"] == [f"todo {number}: bulk_mark_done by ann" for number in (7, 8, 9)]


def test_a_bulk_action_on_nothing_gets_a_report(
    run_dag: RunDag, bulk_conf: Conf, reports: Path
) -> None:
    run = run_dag("todos_completed", bulk_conf | {"object_ids": []})

    assert run.state == "success"
    assert returned(run, "write_report")["lines"] == []


def test_the_bulk_dag_takes_a_single_action(run_dag: RunDag, conf: Conf, reports: Path) -> None:
    run = run_dag("todos_completed", conf)

    assert run.state == "success"
    assert returned(run, "write_report")["object_ids"] == ["7"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"object_id": None}, "Payload field 'object_id' is None"),
        ({"object_ids": ["7", "8"]}, "'object_ids' is ['7', '8'], expected ['7']"),
    ],
)
def test_a_wrong_payload_fails_a_single_run(
    run_dag: RunDag, conf: Conf, changes: Conf, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_dag("todo_completed", conf | changes)

    assert_failed_without_retries(run, "describe_todo")
    assert message in capsys.readouterr().out


def test_a_wrong_payload_fails_a_bulk_run(
    run_dag: RunDag, bulk_conf: Conf, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_dag("todos_completed", bulk_conf | {"actor": {"label": "ann"}})

    assert_failed_without_retries(run, "read_object_ids")
    assert "Payload field 'actor' is {'label': 'ann'}" in capsys.readouterr().out


def test_a_missing_reports_folder_fails_the_task(
    run_dag: RunDag,
    conf: Conf,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("TODO_REPORTS_DIR", raising=False)

    run = run_dag("todo_completed", conf)

    assert_failed_without_retries(run, "write_report")
    assert "TODO_REPORTS_DIR is not set. Set it" in capsys.readouterr().out


@pytest.mark.parametrize("dag_id", ["todo_completed", "todos_completed"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", 2),
        ("id", "7"),
        ("version", 0),
        ("object_ids", "7"),
        ("actor", "ann"),
        ("data", []),
    ],
)
def test_airflow_refuses_a_wrong_conf_by_itself(
    run_dag: RunDag, conf: Conf, dag_id: str, field: str, value: object
) -> None:
    with pytest.raises(ParamValidationError, match=f"Invalid input for param {field}"):
        run_dag(dag_id, conf | {field: value})
