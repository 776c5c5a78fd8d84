"""A server that speaks Airflow's protocol, as far as the publisher uses it, in memory."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any

from dj_actions_airflow import AirflowPublisher
from dj_actions_airflow.connection.client import AirflowClient
from dj_actions_airflow.connection.features import Features

from tests.fixtures.destinations import Destination
from tests.fixtures.scripted_server import Answer, Request, as_json, as_page

USERNAME = "relay-user"
PASSWORD = "hush-hush-password"

TOKEN = "/auth/token"


def refused(field: str) -> Answer:
    """Return the response to a body with a field that Airflow does not accept."""
    detail = [{"type": "extra_forbidden", "loc": ["body", field], "msg": "Not permitted"}]
    return as_json({"detail": detail}, 422)


class AirflowDestination(Destination):
    """Issues tokens; triggers, returns, lists, clears and changes DAG runs; unpauses DAGs."""

    path = "/dagRuns"
    secrets = (PASSWORD,)
    credentials: Mapping[str, Any] = {"username": USERNAME, "password": PASSWORD}
    """The options of a publisher that the server knows."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.runs: dict[tuple[str, str], dict[str, Any]] = {}
        self.page_limit = 100
        self.dags: dict[str, dict[str, Any]] = {}
        self.missing_dags: set[str] = set()
        self.may_trigger = True
        self.forbidden_dags: set[str] = set()
        """DAGs that the user may read, and not trigger."""
        self.health = {
            "metadatabase": "healthy",
            "scheduler": "healthy",
            "dag_processor": "healthy",
        }
        self.knows_partition_key = True
        self.version = "3.3.2"
        self.prefix = ""
        """The path that the server is under."""
        self.tokens_issued = 0
        self.stale_answer = as_json({"detail": "Not authenticated"}, 401)
        self.paused: set[str] = set()
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
        if path == "/api/v2/monitor/health":
            return as_json({name: {"status": status} for name, status in self.health.items()})
        if details := re.fullmatch(r"/api/v2/dags/([^/]+)/details", path):
            return self._describe(details[1])
        found = re.fullmatch(r"/api/v2/dags/([^/]+)(/dagRuns(?:/([^/]+)(/clear)?)?)?", path)
        if not found:
            return as_json({"detail": "Not Found"}, 404)
        dag_id, is_runs, run_id, is_clear = found.groups()
        if run_id:
            return self._run(dag_id, run_id, request, is_clear=bool(is_clear))
        return self._runs_of(dag_id, request) if is_runs else self._dag(dag_id, request)

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

    def _runs_of(self, dag_id: str, request: Request) -> Answer:
        """Trigger a run, or list runs."""
        if request.method == "POST":
            return self._trigger(dag_id, request.body)
        return self._list(dag_id, request.query)

    def declare(self, dag_id: str, params: Mapping[str, Any] | None = None, **details: Any) -> None:
        """Declare a DAG with params: name → default and schema. Others have none."""
        described = {
            name: {"value": default, "schema": schema, "description": None}
            for name, (default, schema) in (params or {}).items()
        }
        self.dags[dag_id] = {"dag_id": dag_id, "params": described, **details}

    def _describe(self, dag_id: str) -> Answer:
        if dag_id in self.missing_dags:
            return as_json({"detail": f"The Dag with ID: `{dag_id}` was not found"}, 404)
        return as_json(self.dags.get(dag_id, {"dag_id": dag_id, "params": {}}))

    def _trigger(self, dag_id: str, body: Mapping[str, Any]) -> Answer:
        if not self.may_trigger or dag_id in self.forbidden_dags:
            return as_json({"detail": "Forbidden"}, 403)
        if not isinstance(body["dag_run_id"], str):
            return refused("dag_run_id")
        if "partition_key" in body and not self.knows_partition_key:
            return refused("partition_key")
        if dag_id in self.missing_dags:
            return as_json({"detail": f"Dag with dag_id: '{dag_id}' not found"}, 404)
        if (dag_id, body["dag_run_id"]) in self.runs:
            detail = {"reason": "Unique constraint violation", "statement": "hidden"}
            return as_json({"detail": detail}, 409)
        run = self.add_run(dag_id, body["dag_run_id"], body["conf"])
        run |= {key: body[key] for key in ("note", "run_after", "partition_key") if key in body}
        return as_json(run)

    def _run(self, dag_id: str, run_id: str, request: Request, *, is_clear: bool) -> Answer:
        """Return, clear or change a run."""
        run = self.runs.get((dag_id, run_id))
        if run is None:
            name = f"The DagRun with dag_id: `{dag_id}` and run_id: `{run_id}`"
            return as_json({"detail": f"{name} was not found"}, 404)
        if is_clear:
            return self._clear(run, request.body)
        if request.method == "PATCH":
            names = request.query.get("update_mask", list(request.body))
            run |= {name: request.body[name] for name in names}
        return as_json(run)

    def _clear(self, run: dict[str, Any], body: Mapping[str, Any]) -> Answer:
        """Queue a run again; as in Airflow, nothing happens if `dry_run` is not false."""
        if body.get("dry_run", True):
            return as_json({"task_instances": [], "total_entries": 0})
        if run["state"] != "success" or not body.get("only_failed"):
            run["state"] = "queued"
        return as_json(run)

    def _dag(self, dag_id: str, request: Request) -> Answer:
        """Return or change a DAG."""
        if request.method == "PATCH" and request.body["is_paused"] is False:
            self.paused.discard(dag_id)
        return as_json({"dag_id": dag_id, "is_paused": dag_id in self.paused})

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
