"""What Stream and Airflow answer, as far as the publishers ask: the protocols alone, in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.integration.vendor_faults.server import Answer, Request, as_json

USERNAME = "relay-user"
PASSWORD = "hush-hush-password"


class Stream:
    """Adds activities; one `foreign_id` and `time` is one activity."""

    def __init__(self) -> None:
        self.activities: dict[tuple[str, str], Mapping[str, Any]] = {}

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        if request.method == "GET":
            return as_json({"results": [], "duration": "1ms"})
        key = (request.body["foreign_id"], request.body["time"])
        self.activities[key] = {**request.body, "id": f"activity of {key[0]}", "duration": "1ms"}
        return as_json(self.activities[key], 201)


class Airflow:
    """Gives tokens, and triggers and lists DAG runs."""

    def __init__(self) -> None:
        self.runs: dict[tuple[str, str], dict[str, Any]] = {}
        self.page_limit = 100
        self.tokens_given = 0
        self.stale_answer = as_json({"detail": "Not authenticated"}, 401)
        self._good_token = ""

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        if request.path == "/auth/token":
            return self._token(request.body)
        if request.headers.get("Authorization") != f"Bearer {self._good_token}":
            return self.stale_answer
        found = re.fullmatch(r"/api/v2/dags/([^/]+)/dagRuns", request.path)
        if not found:
            return as_json({"detail": "Not Found"}, 404)
        if request.method == "POST":
            return self._trigger(found[1], request.body)
        return self._list(request.query)

    def make_stale(self, status: int, detail: str) -> None:
        """Refuse the token given so far, with these words."""
        self._good_token = "none yet"
        self.stale_answer = as_json({"detail": detail}, status)

    def add_run(self, dag_id: str, run_id: str, conf: Any = None, state: str = "queued") -> Any:
        """Put a run there, as if it had been triggered."""
        self.runs[dag_id, run_id] = {
            "dag_id": dag_id,
            "dag_run_id": run_id,
            "dag_display_name": dag_id,
            "dag_versions": [],
            "run_after": "2026-01-02T03:04:05Z",
            "run_type": "manual",
            "state": state,
            "conf": conf,
        }
        return self.runs[dag_id, run_id]

    def _token(self, credentials: Mapping[str, str]) -> Answer:
        if credentials != {"username": USERNAME, "password": PASSWORD}:
            return as_json({"detail": "Invalid credentials"}, 401)
        self.tokens_given += 1
        self._good_token = f"token-{self.tokens_given}"
        return as_json({"access_token": self._good_token}, 201)

    def _trigger(self, dag_id: str, body: Mapping[str, Any]) -> Answer:
        if (dag_id, body["dag_run_id"]) in self.runs:
            detail = {"reason": "Unique constraint violation", "statement": "hidden"}
            return as_json({"detail": detail}, 409)
        return as_json(self.add_run(dag_id, body["dag_run_id"], body["conf"]))

    def _list(self, query: Mapping[str, list[str]]) -> Answer:
        prefixes = tuple(query["run_id_prefix_pattern"][0].split("|"))
        offset, limit = int(query.get("offset", ["0"])[0]), int(query["limit"][0])
        found = [run for run in self.runs.values() if run["dag_run_id"].startswith(prefixes)]
        page = found[offset : offset + min(limit, self.page_limit)]
        return as_json({"dag_runs": page, "total_entries": len(found)})
