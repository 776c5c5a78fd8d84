"""The same server with what trackers read: changed runs, tasks, logs, results, and DAGs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dj_actions_airflow.connection.features import Features

from tests.fixtures.scripted_server import Answer, Request, as_json
from tests.integration.airflow.destination import TOKEN, AirflowDestination

DAG = {"is_paused": False, "has_import_errors": False, "is_stale": False, "max_active_runs": 16}


class TrackedAirflow(AirflowDestination):
    """Airflow with a clock, on which each change of a run is dated."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime.now(UTC)
        self.updated: dict[tuple[str, str], datetime] = {}
        self.dags: dict[str, dict[str, Any]] = {"reports": dict(DAG)}
        self.tasks: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.logs: dict[tuple[str, str, int], list[Any]] = {}
        self.results: dict[tuple[str, str], Any] = {}

    def __call__(self, request: Request) -> Answer:
        """Respond to one request."""
        if request.path != TOKEN and request.headers.get("Authorization") == self.authorization:
            path = request.path.removeprefix("/api/v2/dags/").split("/")
            answer = self._answer(path, request)
            if answer:
                return answer
        return super().__call__(request)

    @property
    def authorization(self) -> str:
        """The header of a request with a good token."""
        return f"Bearer {self._good_token}"

    def change(self, dag_id: str, run_id: str, state: str, **values: Any) -> dict[str, Any]:
        """Put a run there, or let it have another state, now."""
        run = self.runs.get((dag_id, run_id)) or self.add_run(dag_id, run_id)
        is_ended = state in {"success", "failed"}
        run.update(
            state=state,
            start_date=(self.now - timedelta(seconds=7)).isoformat(),
            end_date=self.now.isoformat() if is_ended else None,
            duration=7.0 if is_ended else None,
        )
        run.update(values)
        self.updated[dag_id, run_id] = self.now
        return run

    def fail_task(self, run_id: str, *, task: str = "write_report", **values: Any) -> None:
        """Let a run fail because of a task."""
        self.change("reports", run_id, "failed")
        ended = {"state": "failed", "try_number": 1, "map_index": -1}
        entry = {"task_id": task, "end_date": self.now.isoformat()} | ended | values
        self.tasks.setdefault(("reports", run_id), []).append(entry)

    def _answer(self, path: list[str], request: Request) -> Answer | None:
        match path:
            case [dag_id, "details"]:
                return self._details(dag_id)
            case [dag_id, "dagRuns"] if request.method == "GET" and dag_id != "~":
                states = [run["state"] for (own, _), run in self.runs.items() if own == dag_id]
                count = states.count(request.query["state"][0])
                return as_json({"dag_runs": [], "total_entries": count})
            case [dag_id, "dagRuns", run_id, "taskInstances", *rest]:
                return self._answer_about_tasks(dag_id, run_id, rest, request)
        return None

    def _answer_about_tasks(
        self, dag_id: str, run_id: str, path: list[str], request: Request
    ) -> Answer | None:
        match path:
            case []:
                tasks = [
                    task
                    for task in self.tasks.get((dag_id, run_id), [])
                    if [task["state"]] == request.query["state"]
                ]
                return as_json({"task_instances": tasks, "total_entries": len(tasks)})
            case [task_id, "logs", number]:
                lines = self.logs.get((run_id, task_id, int(number)), [])
                return as_json({"content": lines, "continuation_token": None})
            case [task_id, "xcomEntries", "return_value"]:
                if (run_id, task_id) in self.results:
                    return as_json({"value": self.results[run_id, task_id]})
                return as_json({"detail": "XCom entry not found in the DagRun"}, 404)
        return None

    def _details(self, dag_id: str) -> Answer:
        if dag_id in self.dags:
            return as_json({"dag_id": dag_id, **self.dags[dag_id]})
        return as_json({"detail": f"The Dag with ID: `{dag_id}` was not found"}, 404)

    def _list(self, dag_id: str, query: Mapping[str, list[str]]) -> Answer:
        features = Features.of(self.version)
        known = {
            name: values[0]
            for name, values in query.items()
            if getattr(features, name, True)  # what a server does not know, it ignores
        }
        prefixes = tuple(known.get("run_id_prefix_pattern", "").split("|"))
        part = known.get("run_id_pattern", "")
        since = datetime.fromisoformat(known.get("updated_at_gte", "2000-01-01T00:00:00+00:00"))
        found = [
            run
            for key, run in self.runs.items()
            if key[1].startswith(prefixes)
            and part in key[1]
            and self.updated.get(key, self.now) >= since
        ]
        offset, limit = int(known.get("offset", "0")), int(known["limit"])
        page = found[offset : offset + min(limit, self.page_limit)]
        return as_json({"dag_runs": page, "total_entries": len(found)})


def event_of(run_id: str) -> str:
    """Return the event that a run belongs to."""
    return re.sub("^djactions-", "", run_id)
