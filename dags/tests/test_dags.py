"""The DAGs, run to their end by Airflow in this process."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.models.asset import AssetEvent
from airflow.sdk.exceptions import ParamValidationError
from airflow.utils.session import create_session
from api_server import ApiServer, problem
from sqlalchemy import select

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DagRun

    RunDag = Callable[[str, dict[str, Any]], DagRun]

Conf = dict[str, Any]


def assert_failed_without_retries(run: DagRun, task_id: str) -> None:
    task = run.get_task_instance(task_id)
    assert (run.state, task.state, task.try_number) == ("failed", "failed", 1)


def returned(run: DagRun, task_id: str) -> Any:
    return run.get_task_instance(task_id).xcom_pull(task_ids=task_id)


PAGE = Path(__file__).parents[2] / "docs/dags.md"

TRIGGERED = {
    "print_labels", "todo_changed", "todo_completed", "todo_escalation", "todo_handed_over",
    "todos_completed",
}  # fmt: skip


def test_the_folder_has_these_dags_and_nothing_broken(dag_bag: DagBag) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == {*TRIGGERED, "todo_audit"}


def test_the_page_about_dags_has_one_that_loads(dag_bag: DagBag, tmp_path: Path) -> None:
    (block,) = re.findall(r" {3}```python\n(.*?) {3}```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "remind_owner.py").write_text(textwrap.dedent(block))
    found = type(dag_bag)(str(tmp_path))

    assert found.import_errors == {}
    task = found.dags["remind_owner"].get_task("remind")
    assert (task.resource, task.action) == ("todo", "remind")


def test_every_dag_is_bounded_and_tells_its_end(dag_bag: DagBag) -> None:
    for dag in dag_bag.dags.values():
        assert dag.dagrun_timeout
        assert dag.description or dag.doc_md
        for task in dag.tasks:
            assert task.owner in {"todos", "labels"}
            assert task.retries == 2
            assert task.execution_timeout
    for dag_id in TRIGGERED:
        assert dag_bag.dags[dag_id].has_on_success_callback
        assert dag_bag.dags[dag_id].has_on_failure_callback


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


def test_a_bulk_action_on_many_takes_few_tasks(
    run_dag: RunDag, bulk_conf: Conf, reports: Path
) -> None:
    ids = [str(number) for number in range(250)]
    run = run_dag("todos_completed", bulk_conf | {"object_ids": ids})

    assert run.state == "success"
    assert len(run.get_task_instances()) == 1 + 3 + 1
    assert returned(run, "write_report")["lines"] == [
        f"todo {number}: bulk_mark_done by ann" for number in ids
    ]


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
        ({"object_id": None}, "Event field 'object_id' is None"),
        ({"object_ids": ["7", "8"]}, "'object_ids' is ['7', '8'], expected ['7']"),
    ],
)
def test_a_wrong_payload_fails_a_single_run(
    run_dag: RunDag, conf: Conf, changes: Conf, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_dag("todo_completed", conf | changes)

    assert_failed_without_retries(run, "write_report")
    assert message in capsys.readouterr().out


def test_a_wrong_payload_fails_a_bulk_run(
    run_dag: RunDag, bulk_conf: Conf, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_dag("todos_completed", bulk_conf | {"actor": {"label": "ann"}})

    assert_failed_without_retries(run, "read_chunks")
    assert "Event field 'actor' is {'label': 'ann'}" in capsys.readouterr().out


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


def test_a_hand_over_calls_an_action_back(run_dag: RunDag, conf: Conf, project: ApiServer) -> None:
    run = run_dag("todo_handed_over", conf | {"action": "hand_over", "summary": "ann gave it"})

    assert run.state == "success"
    [event] = project.events
    assert (event["action"], event["object_id"], event["parent"]) == ("remind", "7", conf["id"])
    [request] = project.requests
    assert request.data == {"text": "Please have a look: ann gave it"}
    assert returned(run, "remind")["event"] == event["id"]


def test_an_action_that_is_refused_fails_the_run_at_once(
    run_dag: RunDag, conf: Conf, project: ApiServer
) -> None:
    project.script(problem(403, "This token may not call todo.remind."))
    run = run_dag("todo_handed_over", conf | {"action": "hand_over"})

    assert_failed_without_retries(run, "remind")
    assert project.events == []


@pytest.mark.parametrize("changes", [{}, {"action": "hand_over", "object_id": None}])
def test_only_a_hand_over_of_one_todo_is_taken(run_dag: RunDag, conf: Conf, changes: Conf) -> None:
    with pytest.raises(ParamValidationError):
        run_dag("todo_handed_over", conf | changes)


def test_a_dag_with_own_params_needs_no_event(run_dag: RunDag) -> None:
    run = run_dag("print_labels", {"text": "Buy milk", "copies": 2})

    assert run.state == "success"
    assert returned(run, "render_labels") == ["| Buy milk |", "| Buy milk |"]


@pytest.mark.parametrize("conf", [{}, {"text": ""}, {"text": "x", "copies": 11}])
def test_a_dag_with_own_params_refuses_others(run_dag: RunDag, conf: Conf) -> None:
    with pytest.raises(ParamValidationError):
        run_dag("print_labels", conf)


def test_a_change_is_emitted_with_its_event(run_dag: RunDag, bulk_conf: Conf) -> None:
    run = run_dag("todo_changed", bulk_conf)

    assert run.state == "success"
    with create_session() as session:
        [change] = session.scalars(
            select(AssetEvent).where(AssetEvent.source_run_id == run.run_id)
        ).all()
        assert change.extra == {
            "event": bulk_conf["id"],
            "action": "bulk_mark_done",
            "object_ids": ["7", "8", "9"],
        }


def test_the_audit_lists_every_change(dag_bag: DagBag) -> None:
    def change(action: str, *ids: str) -> SimpleNamespace:
        return SimpleNamespace(extra={"action": action, "object_ids": list(ids)})

    changes = {"todo_changes": [change("mark_done", "7"), change("remind", "8", "9")]}
    list_changes = dag_bag.dags["todo_audit"].get_task("list_changes").python_callable

    assert list_changes(triggering_asset_events=changes) == ["mark_done: 7", "remind: 8, 9"]


def test_a_person_decides_before_the_owner_is_reminded(dag_bag: DagBag) -> None:
    dag = dag_bag.dags["todo_escalation"]

    assert dag.get_task("approve").downstream_task_ids == {"remind"}
    assert dag.get_task("approve").defaults == ["Reject"]
