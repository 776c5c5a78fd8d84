"""An Airflow of the tests' own, in a temporary folder, and the payload they send."""

from __future__ import annotations

import copy
import json
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from api_server import TOKEN, ApiServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DagRun

DAGS = Path(__file__).parent.parent
AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="dags-tests-"))

# Airflow reads its environment when it is first imported, which is after this module.
for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
    del os.environ[name]
os.environ |= {
    "HOME": str(AIRFLOW_HOME),
    "AIRFLOW_HOME": str(AIRFLOW_HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{AIRFLOW_HOME}/airflow.db",
}


def pytest_unconfigure() -> None:
    """Leave no trace."""
    logging.shutdown()
    shutil.rmtree(AIRFLOW_HOME, ignore_errors=True)


@pytest.fixture
def conf() -> dict[str, Any]:
    """The payload of an action on one todo, with every key of the contract."""
    return {
        "schema": 1,
        "id": "0198c0de-0000-7000-8000-000000000001",
        "resource": "todo",
        "action": "mark_done",
        "version": 1,
        "occurred_at": "2026-11-23T05:00:00.123456+00:00",
        "actor": {"id": "1", "label": "ann"},
        "object_id": "7",
        "object_ids": ["7"],
        "data": {"note": "with milk"},
        "result": {"id": 7, "done": True},
        "summary": "ann finished Buy milk",
        "extra": {},
        "traceparent": "",
        "parent": None,
    }


@pytest.fixture
def bulk_conf(conf: dict[str, Any]) -> dict[str, Any]:
    """The payload of a bulk action on three todos."""
    return conf | {
        "action": "bulk_mark_done",
        "object_id": None,
        "object_ids": ["7", "8", "9"],
        "result": [7, 8, 9],
    }


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the reports are written to."""
    folder = tmp_path / "reports"
    monkeypatch.setenv("TODO_REPORTS_DIR", str(folder))
    return folder


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """A project whose actions the DAGs can call."""
    with ApiServer() as server:
        connection = {
            "conn_type": "dj_actions",
            "host": server.url,
            "password": TOKEN,
            "extra": {"paths": {"todo": "/todos/"}},
        }
        monkeypatch.setenv("AIRFLOW_CONN_DJ_ACTIONS_DEFAULT", json.dumps(connection))
        yield server


@pytest.fixture(scope="session")
def dag_bag() -> DagBag:
    """Every DAG of the folder, loaded as Airflow loads them, with an empty database."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    return DagBag(str(DAGS))


@pytest.fixture
def run_dag(dag_bag: DagBag) -> Callable[[str, dict[str, Any]], DagRun]:
    """Run a DAG to its end in this process and return the run."""

    def run(dag_id: str, conf: dict[str, Any]) -> DagRun:
        dag = copy.copy(dag_bag.dags[dag_id])
        # `test` calls the DAG's callbacks with a copy of the DAG for which a required param fails,
        # whatever the conf is; the DAG processor does not.
        dag.on_success_callback = dag.on_failure_callback = None
        dag.has_on_success_callback = dag.has_on_failure_callback = False
        return dag.test(run_conf=conf)

    return run
