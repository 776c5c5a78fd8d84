"""Reports: their content, and that each run has exactly one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import ObjectStoragePath
from airflow.sdk.exceptions import AirflowFailException
from dj_actions_airflow_provider.events import parse_event

from todo_reports import (
    build_report,
    describe,
    reports_folder,
    save_report,
)

if TYPE_CHECKING:
    from pathlib import Path

Conf = dict[str, Any]


def report_of(conf: Conf) -> dict[str, Any]:
    event = parse_event(conf)
    lines = [describe(event, object_id) for object_id in event.object_ids]
    return build_report(event, dag_id="a_dag", run_id="djactions-1", lines=lines)


def test_a_report_says_who_did_what_to_which(conf: Conf) -> None:
    assert report_of(conf) == {
        "dag_id": "a_dag",
        "run_id": "djactions-1",
        "message_id": conf["id"],
        "action": "mark_done",
        "actor": {"id": "1", "label": "ann"},
        "object_ids": ["7"],
        "lines": ["todo 7: mark_done by ann"],
    }


def test_an_action_without_an_actor_was_done_by_the_system(conf: Conf) -> None:
    report = report_of(conf | {"actor": None})

    assert report["actor"] is None
    assert report["lines"] == ["todo 7: mark_done by the system"]


def test_saving_twice_leaves_one_file(conf: Conf, tmp_path: Path) -> None:
    report = report_of(conf)

    folder = ObjectStoragePath(f"file://{tmp_path}/new")
    save_report({**report, "lines": ["old"]}, folder)
    path = save_report(report, folder)

    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new/djactions-1.json"]
    assert json.loads(path.read_text()) == report


def test_a_report_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        save_report({"run_id": "djactions-1", "lines": object()}, ObjectStoragePath(str(tmp_path)))

    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_says_what_to_set() -> None:
    with pytest.raises(AirflowFailException, match="TODO_REPORTS_DIR is not set"):
        reports_folder({})


def test_a_folder_may_be_a_path_or_a_url(tmp_path: Path) -> None:
    folder = reports_folder({"TODO_REPORTS_DIR": str(tmp_path)})

    assert reports_folder({"TODO_REPORTS_DIR": f"file://{tmp_path}"}).path == folder.path
