"""Airflow's REST API through apache-airflow-client, with a token that is renewed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import urllib3
from airflow_client.client import ApiClient, Configuration
from airflow_client.client.api.dag_run_api import DagRunApi
from airflow_client.client.exceptions import ApiException, ConflictException
from airflow_client.client.models.trigger_dag_run_post_body import TriggerDAGRunPostBody

from dj_actions.exceptions import (
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    RateLimited,
)
from dj_actions.publishers.http import retry_after_seconds
from dj_actions_airflow.errors import (
    FIRST_SERVER_ERROR,
    PASSING_STATUSES,
    TOO_MANY_REQUESTS,
    is_stale_token,
    translated,
)

ALL_DAGS = "~"
PAGE = 100
"""Rows of one answer: `[api] maximum_page_limit` of a default installation."""

RUN_KEYS = frozenset({"dag_id", "dag_run_id", "state"})
"""What we read of a run."""

CREATED = 201
FIRST_REDIRECT = 300

Answer = TypeVar("Answer")


class AirflowClient:
    """Triggers and lists DAG runs; belongs to one thread.

    Args:
        base_url: scheme, host and port of the API server.
        username: who asks; empty for a server that wants no token.
        password: their password.
        timeouts: seconds to connect, and to wait for an answer. The client has none itself.
    """

    def __init__(
        self, *, base_url: str, username: str, password: str, timeouts: tuple[float, float]
    ) -> None:
        self._base_url = base_url
        self._username = username
        self._password = password
        self._timeouts = timeouts
        # The relay decides about trying again; urllib3 doing so in silence would hide it.
        self._configuration = Configuration(host=base_url, retries=False)
        self._api_client = ApiClient(self._configuration)
        self._runs = DagRunApi(self._api_client)

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any], *, note: str) -> bool:
        """Create a run; return False if there already is one of that id.

        Raises:
            PublishError: whatever came of it otherwise.
        """
        body = TriggerDAGRunPostBody(
            dag_run_id=run_id, logical_date=None, conf=dict(conf), note=note
        )
        with translated(f"Airflow did not start a run of DAG {dag_id!r}"):
            try:
                run = self._authorized(
                    lambda: self._runs.trigger_dag_run(
                        dag_id, body, _request_timeout=self._timeouts
                    )
                )
            except ConflictException:
                return False
        if getattr(run, "dag_run_id", None) != run_id:
            raise PublisherUnavailable(
                f"Airflow answered without the run {run_id}. Does a proxy stand between?"
            )
        return True

    def conf_of(self, dag_id: str, run_id: str) -> Mapping[str, Any] | None:
        """Return the payload of a run, or None if there is no such run."""
        for run in self.runs([run_id]):
            if run["dag_id"] == dag_id:
                conf: Mapping[str, Any] = run.get("conf") or {}
                return conf
        return None

    def runs(self, run_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the runs with these ids, of all DAGs, as Airflow's own JSON.

        The raw answer is read: the client's models refuse what a newer server adds.
        """
        found: list[dict[str, Any]] = []
        wanted = frozenset(run_ids)
        if not wanted:
            return found
        with translated("Airflow did not list its runs"):
            while True:
                page = self._page(run_ids, offset=len(found))
                found += page["dag_runs"]
                if not page["dag_runs"] or len(found) >= page["total_entries"]:
                    return [run for run in found if run["dag_run_id"] in wanted]

    def close(self) -> None:
        """Close the connections."""
        self._api_client.rest_client.pool_manager.clear()

    def _page(self, run_ids: Sequence[str], *, offset: int) -> dict[str, Any]:
        def ask() -> dict[str, Any]:
            response = self._runs.get_dag_runs_without_preload_content(
                ALL_DAGS,
                run_id_prefix_pattern="|".join(run_ids),
                limit=PAGE,
                offset=offset,
                order_by=["id"],
                _request_timeout=self._timeouts,
            )
            body = response.read()
            _raise_for_status(response, body)
            return _page_of(body)

        return self._authorized(ask)

    def _authorized(self, ask: Callable[[], Answer]) -> Answer:
        """Ask with a token; once more with a new one if it has gone stale."""
        if self._username and self._configuration.access_token is None:
            self._renew_token()
        try:
            return ask()
        except Exception as error:
            if not (self._username and is_stale_token(error)):
                raise
        self._renew_token()
        return ask()

    def _renew_token(self) -> None:
        """Get a token: https://airflow.apache.org/docs/apache-airflow/stable/security/api.html."""
        self._configuration.access_token = None
        # The client's own pool: whatever it knows of proxies and certificates counts here too.
        response = self._api_client.rest_client.pool_manager.request(
            "POST",
            f"{self._base_url}/auth/token",
            json={"username": self._username, "password": self._password},
            timeout=urllib3.Timeout(connect=self._timeouts[0], read=self._timeouts[1]),
            retries=False,
        )
        if response.status != CREATED:
            raise self._refusal_of_token(response.status, response.headers)
        self._configuration.access_token = _token_of(response.data)

    def _refusal_of_token(self, status: int, headers: Mapping[str, str]) -> PublishError:
        where = f"Airflow at {self._base_url}"
        if status == TOO_MANY_REQUESTS:
            return RateLimited(
                f"{where} gave no token: status {status}.",
                retry_after=retry_after_seconds(headers.get("Retry-After")),
            )
        if status >= FIRST_SERVER_ERROR or status in PASSING_STATUSES:
            return PublisherUnavailable(f"{where} gave no token: status {status}.")
        return PublisherMisconfigured(
            f"{where} refused the user {self._username!r} (status {status}). Correct base_url, "
            "username or password."
        )


def _token_of(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if isinstance(token, str) and token:
        return token
    raise PublisherUnavailable("Airflow: the answer holds no token. Does a proxy stand between?")


def _raise_for_status(response: Any, body: bytes) -> None:
    """Raise what the client would have raised, had it read the answer itself."""
    if response.status >= FIRST_REDIRECT:
        raise ApiException.from_response(
            http_resp=response, body=body.decode(errors="replace"), data=None
        )


def _page_of(body: bytes) -> dict[str, Any]:
    page = json.loads(body)
    runs = page.get("dag_runs") if isinstance(page, dict) else None
    whole = isinstance(runs, list) and all(
        isinstance(run, dict) and run.keys() >= RUN_KEYS for run in runs
    )
    if not whole or not isinstance(page.get("total_entries"), int):
        raise PublisherUnavailable(
            f"Airflow: this is no list of runs: {body[:200]!r}. Does a proxy stand between?"
        )
    return cast("dict[str, Any]", page)
