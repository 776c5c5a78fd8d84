"""A project to call, a connection to it, and an Airflow of the tests' own."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api_server import HINT_SECRET, TOKEN, ApiServer
from run_parts import EVENT_ID, RUN_ID, TaskInstance

Conf = dict[str, Any]

# Airflow reads its environment when it is first imported, which is after this module. The tests
# of the sample DAGs, in the same process, have prepared it already.
if not Path(os.environ.get("AIRFLOW_HOME", "")).name.startswith("dags-tests-"):
    HOME = Path(tempfile.mkdtemp(prefix="provider-tests-"))
    for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
        del os.environ[name]
    os.environ |= {
        "HOME": str(HOME),
        "AIRFLOW_HOME": str(HOME),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
    }
    atexit.register(shutil.rmtree, HOME, ignore_errors=True)


@pytest.fixture
def conf() -> Conf:
    """The event of an action on one todo, with every key of the contract."""
    return {
        "schema": 1,
        "id": EVENT_ID,
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
def bulk_conf(conf: Conf) -> Conf:
    """The event of a bulk action on three todos."""
    return conf | {
        "action": "bulk_mark_done",
        "object_id": None,
        "object_ids": ["7", "8", "9"],
        "result": [7, 8, 9],
    }


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """A project."""
    with ApiServer() as server:
        yield server


Connect = Callable[..., None]


@pytest.fixture
def connect(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Set the default connection, with changes of its parts and of its extra."""

    def set_connection(extra: dict[str, Any] | None = None, **parts: Any) -> None:
        connection = {
            "conn_type": "dj_actions",
            "host": api.url,
            "password": TOKEN,
            "extra": {"paths": {"todo": "/todos/"}, "hint_secret": HINT_SECRET, **(extra or {})},
            **parts,
        }
        monkeypatch.setenv("AIRFLOW_CONN_DJ_ACTIONS_DEFAULT", json.dumps(connection))

    set_connection()
    return set_connection


@pytest.fixture
def context(conf: Conf) -> dict[str, Any]:
    """The context of a task in a run that an action has started."""
    return {
        "ti": TaskInstance(),
        "run_id": RUN_ID,
        "dag": SimpleNamespace(dag_id="tidy"),
        "dag_run": SimpleNamespace(run_id=RUN_ID, conf=conf),
    }
