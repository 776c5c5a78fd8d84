"""A server that speaks Airflow's protocol, as far as the publisher uses it, in memory."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any

from dj_actions_airflow import AirflowPublisher
from dj_actions_airflow.client import AirflowClient
from dj_actions_airflow.features import Features

from tests.fixtures.destinations import Destination
from tests.fixtures.scripted_server import Answer, Request, as_json, as_page

USERNAME = "relay-user"
PASSWORD = "hush-hush-password"

TOKEN = "/auth/token"


class AirflowDestination(Destination):
    """Issues tokens, and triggers, returns and lists DAG runs."""

    path = "/dagRuns"
    secrets = (PASSWORD,)
    credentials: Mapping[str, Any] = {"username": USERNAME, "password": PASSWORD}
    """The options of a publisher that the server knows."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.runs: dict[tuple[str, str], dict[str, Any]] = {}
        self.page_limit = 100
        self.version = "3.3.2"
        self.prefix = ""
        """The path that the server is under."""
        self.tokens_issued = 0
        self.stale_answer = as_json({"detail": "Not authenticated"}, 401)
        self._good_token = ""

    def __call__(self, request: Request) -> Answer:
        """Respond to one request."""
        if not request.path.startswith(f"{self.prefix}/"):
            return as_page(404)
        path = request.path.removeprefix(self.prefix)
        if path == TOKEN:
            return self._issue_token(request.body)
        if not self.accepts(request):
            return self.stale_answer
        return self._serve(path, request)

    def accepts(self, request: Request) -> bool:
        """Return whether the request says who sends it."""
        return request.headers.get("Authorization") == f"Bearer {self._good_token}"

    def _serve(self, path: str, request: Request) -> Answer:
        if path == "/api/v2/version":
            return as_json({"version": self.version, "git_version": None})
        found = re.fullmatch(r"/api/v2/dags/([^/]+)/dagRuns(?:/([^/]+))?", path)
        if not found:
            return as_json({"detail": "Not Found"}, 404)
        if found[2]:
            return self._get(found[1], found[2])
        if request.method == "POST":
            return self._trigger(found[1], request.body)
        return self._list(found[1], request.query)

    def make(self, **options: Any) -> AirflowPublisher:
        """Return a publisher to the server; it is closed after the test."""
        defaults: dict[str, Any] = {
            "base_url": f"{self.server.url}{self.prefix}", "timeout": 30.0, "dag_id": "reports"
        }  # fmt: skip
        publisher = AirflowPublisher(
            alias="pipelines", **(defaults | dict(self.credentials) | options)
        )
        self.closing(publisher)
        return publisher

    def client(self, **options: Any) -> AirflowClient:
        """Return the client of a publisher to the server."""
        publisher = self.make(**options)
        publisher.prepare()
        return publisher._client

    def count_effects(self) -> int:
        """Return how many runs there are."""
        return len(self.runs)

    def make_stale(self, status: int, detail: str) -> None:
        """Refuse the token issued so far, with this status and detail."""
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

    def _issue_token(self, credentials: Mapping[str, str]) -> Answer:
        if credentials != {"username": USERNAME, "password": PASSWORD}:
            return as_json({"detail": "Invalid credentials"}, 401)
        self.tokens_issued += 1
        self._good_token = f"token-{self.tokens_issued}"
        return as_json({"access_token": self._good_token}, 201)

    def _trigger(self, dag_id: str, body: Mapping[str, Any]) -> Answer:
        if (dag_id, body["dag_run_id"]) in self.runs:
            detail = {"reason": "Unique constraint violation", "statement": "hidden"}
            return as_json({"detail": detail}, 409)
        return as_json(self.add_run(dag_id, body["dag_run_id"], body["conf"]))

    def _get(self, dag_id: str, run_id: str) -> Answer:
        if (dag_id, run_id) in self.runs:
            return as_json(self.runs[dag_id, run_id])
        name = f"The DagRun with dag_id: `{dag_id}` and run_id: `{run_id}`"
        return as_json({"detail": f"{name} was not found"}, 404)

    def _list(self, dag_id: str, query: Mapping[str, list[str]]) -> Answer:
        knows_prefixes = Features.of(self.version).run_id_prefix_pattern
        pattern = query["run_id_prefix_pattern"][0] if knows_prefixes else ""
        prefixes = tuple(pattern.split("|"))
        offset, limit = int(query.get("offset", ["0"])[0]), int(query["limit"][0])
        states = query.get("state", ())
        found = [
            run
            for run in self.runs.values()
            if run["dag_run_id"].startswith(prefixes)
            and (not states or run["state"] in states)
            and dag_id in {"~", run["dag_id"]}
        ]
        page = found[offset : offset + min(limit, self.page_limit)]
        return as_json({"dag_runs": page, "total_entries": len(found)})
