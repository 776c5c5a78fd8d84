"""A client for Airflow's REST API on apache-airflow-client that renews its token."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
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
    TRANSIENT_STATUSES,
    is_stale_token,
    translate_errors,
)

ALL_DAGS = "~"
PAGE_SIZE = 100
"""Runs per response: the default of Airflow's `[api] maximum_page_limit`."""

REQUIRED_RUN_KEYS = frozenset({"dag_id", "dag_run_id", "state"})

T = TypeVar("T")


class AirflowClient:
    """A client that triggers and lists DAG runs. An instance belongs to one thread.

    Args:
        base_url: scheme, host and port of the API server.
        username: the user to authenticate as; empty for a server without authentication.
        password: the user's password.
        timeouts: connect and read timeout in seconds. apache-airflow-client sets neither.
    """

    def __init__(
        self, *, base_url: str, username: str, password: str, timeouts: tuple[float, float]
    ) -> None:
        self._base_url = base_url
        self._username = username
        self._password = password
        self._timeouts = timeouts
        # Retries are up to the relay; urllib3 would retry silently.
        self._configuration = Configuration(host=base_url, retries=False)
        self._api_client = ApiClient(self._configuration)
        self._runs = DagRunApi(self._api_client)

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any], *, note: str) -> bool:
        """Create a DAG run. Return False if a run with that id already exists.

        Raises:
            PublishError: the run was not created, or the outcome is unknown.
        """
        body = TriggerDAGRunPostBody(
            dag_run_id=run_id, logical_date=None, conf=dict(conf), note=note
        )
        with translate_errors(f"Airflow did not start a run of DAG {dag_id!r}"):
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
                f"Airflow's response does not contain run {run_id}. Is a proxy in front of it?"
            )
        return True

    def get_conf(self, dag_id: str, run_id: str) -> Mapping[str, Any] | None:
        """Return the payload of a DAG run, or None if the run does not exist."""
        for run in self.list_runs([run_id]):
            if run["dag_id"] == dag_id:
                conf: Mapping[str, Any] = run.get("conf") or {}
                return conf
        return None

    def list_runs(self, run_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the runs with these ids, in any DAG, as Airflow's JSON.

        Parses the raw response: the client's models reject fields and states of newer servers.
        """
        found: list[dict[str, Any]] = []
        wanted = frozenset(run_ids)
        if not wanted:
            return found
        with translate_errors("Airflow did not list its runs"):
            while True:
                page = self._fetch_page(run_ids, offset=len(found))
                found += page["dag_runs"]
                if not page["dag_runs"] or len(found) >= page["total_entries"]:
                    return [run for run in found if run["dag_run_id"] in wanted]

    def close(self) -> None:
        """Close all connections."""
        self._api_client.rest_client.pool_manager.clear()

    def _fetch_page(self, run_ids: Sequence[str], *, offset: int) -> dict[str, Any]:
        def fetch() -> dict[str, Any]:
            response = self._runs.get_dag_runs_without_preload_content(
                ALL_DAGS,
                run_id_prefix_pattern="|".join(run_ids),
                limit=PAGE_SIZE,
                offset=offset,
                order_by=["id"],
                _request_timeout=self._timeouts,
            )
            body = response.read()
            _raise_for_status(response, body)
            return _parse_page(body)

        return self._authorized(fetch)

    def _authorized(self, send: Callable[[], T]) -> T:
        """Send a request with a token. If the token is stale, renew it and send once more."""
        if self._username and self._configuration.access_token is None:
            self._renew_token()
        try:
            return send()
        except Exception as error:
            if not (self._username and is_stale_token(error)):
                raise
        self._renew_token()
        return send()

    def _renew_token(self) -> None:
        """Request a token: https://airflow.apache.org/docs/apache-airflow/stable/security/api.html."""
        self._configuration.access_token = None
        # The client's own pool applies its proxy and certificate settings here, too.
        response = self._api_client.rest_client.pool_manager.request(
            "POST",
            f"{self._base_url}/auth/token",
            json={"username": self._username, "password": self._password},
            timeout=urllib3.Timeout(connect=self._timeouts[0], read=self._timeouts[1]),
            retries=False,
        )
        if response.status != HTTPStatus.CREATED:
            raise self._token_error(response.status, response.headers)
        self._configuration.access_token = _parse_token(response.data)

    def _token_error(self, status: int, headers: Mapping[str, str]) -> PublishError:
        message = f"Airflow at {self._base_url} did not issue a token: status {status}."
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimited(
                message,
                retry_after=retry_after_seconds(headers.get("Retry-After")),
            )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in TRANSIENT_STATUSES:
            return PublisherUnavailable(message)
        return PublisherMisconfigured(
            f"Airflow at {self._base_url} refused the user {self._username!r} (status {status}). "
            "Correct base_url, username or password."
        )


def _parse_token(body: bytes) -> str:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    token = document.get("access_token") if isinstance(document, dict) else None
    if isinstance(token, str) and token:
        return token
    raise PublisherUnavailable(
        "Airflow: the response does not contain a token. Is a proxy in front of it?"
    )


def _raise_for_status(response: Any, body: bytes) -> None:
    """Raise the error that the client raises when it parses the response itself."""
    if response.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise ApiException.from_response(
            http_resp=response, body=body.decode(errors="replace"), data=None
        )


def _parse_page(body: bytes) -> dict[str, Any]:
    page = json.loads(body)
    runs = page.get("dag_runs") if isinstance(page, dict) else None
    is_complete = isinstance(runs, list) and all(
        isinstance(run, dict) and run.keys() >= REQUIRED_RUN_KEYS for run in runs
    )
    if not is_complete or not isinstance(page.get("total_entries"), int):
        raise PublisherUnavailable(
            f"Airflow: the response is not a list of runs: {body[:200]!r}. "
            "Is a proxy in front of it?"
        )
    return cast("dict[str, Any]", page)
