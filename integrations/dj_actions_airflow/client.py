"""A client for Airflow's REST API on apache-airflow-client that renews its token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

import urllib3
from airflow_client.client import ApiClient, Configuration
from airflow_client.client.api.dag_run_api import DagRunApi
from airflow_client.client.exceptions import ApiException, ConflictException, NotFoundException
from airflow_client.client.models.trigger_dag_run_post_body import TriggerDAGRunPostBody

from dj_actions.exceptions import PublisherUnavailable, PublishRejected
from dj_actions.publishers.bounded import MAX_RESPONSE_BYTES, ResponseTooLarge, read_body
from dj_actions_airflow.errors import is_missing_run, is_stale_token, translate_errors
from dj_actions_airflow.responses import (
    BoundedRESTClient,
    parse_conf,
    parse_page,
    require_object,
)
from dj_actions_airflow.tokens import TokenIssuer

ALL_DAGS = "~"
PAGE_SIZE = 100
"""Runs per response: the default of Airflow's `[api] maximum_page_limit`."""

MAX_LIST_REQUESTS = 200
"""Requests for one list of runs. More are needed only if the server ignores the filter."""

T = TypeVar("T")


class AirflowClient:
    """A client that triggers and lists DAG runs. An instance belongs to one thread.

    Args:
        base_url: scheme, host and port of the API server.
        username: the user to authenticate as; empty for a server without authentication.
        password: the user's password.
        timeouts: seconds to wait for a connection, and for the whole of each response.
            apache-airflow-client sets neither.
        max_conf_bytes: the largest payload of a run, which Airflow returns with the run.
    """

    def __init__(
        self,
        *,
        base_url: str,
        username: str,
        password: str,
        timeouts: tuple[float, float],
        max_conf_bytes: int,
    ) -> None:
        self._username = username
        self._timeouts = timeouts
        self._max_bytes = MAX_RESPONSE_BYTES + max_conf_bytes
        # Retries are up to the relay; urllib3 would retry silently.
        self._configuration = Configuration(host=base_url, retries=False)
        self._api_client = ApiClient(self._configuration)
        self._api_client.rest_client = BoundedRESTClient(self._configuration, self._max_bytes)
        self._runs = DagRunApi(self._api_client)
        self._tokens = TokenIssuer(
            # The client's own pool applies its proxy and certificate settings here, too.
            self._api_client.rest_client.pool_manager,
            base_url=base_url,
            username=username,
            password=password,
            timeouts=timeouts,
            max_bytes=self._max_bytes,
        )

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any], *, note: str) -> bool:
        """Create a DAG run. Return False if a run with that id already exists.

        Raises:
            PublishError: the run was not created, or the outcome is unknown.
        """
        body = _trigger_body(run_id, conf, note)
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
        """Return the payload of a DAG run, or None if the run does not exist.

        Raises:
            PublishError: Airflow did not return the run.
        """

        def fetch() -> bytes:
            return self._read(
                self._runs.get_dag_run_without_preload_content(
                    dag_id, run_id, _request_timeout=self._timeouts
                )
            )

        with translate_errors(f"Airflow did not return run {run_id} of DAG {dag_id!r}"):
            try:
                return parse_conf(self._authorized(fetch), run_id)
            except NotFoundException as error:
                if is_missing_run(error):
                    return None
                raise

    def list_runs(self, run_ids: Sequence[str]) -> list[Mapping[str, str]]:
        """Return ids and state of the runs with these ids, in any DAG.

        Raises:
            PublishError: Airflow did not list its runs.
        """
        wanted = frozenset(run_ids)
        if not wanted:
            return []
        with translate_errors("Airflow did not list its runs"):
            return [run for run in self._iterate_runs(run_ids) if run["dag_run_id"] in wanted]

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, Any]] = (),
        body: Mapping[str, Any] | None = None,
        failure: str,
    ) -> Mapping[str, Any]:
        """Send one request to the REST API, and return the JSON object in the response.

        The client's models are not used: they reject fields and states of newer servers.

        Args:
            method: for example `GET`.
            path: what follows `/api/v2`, quoted; it starts with a slash.
            query: names and values; a name may be repeated.
            body: sent as JSON.
            failure: what Airflow did not do; the message of an error starts with it.

        Returns:
            The object; an empty one for a response without content, as that to a DELETE is.

        Raises:
            DestinationNotFound: there is no such DAG.
            PublisherUnavailable: Airflow failed, or the response is not a JSON object.
            PublishError: another error.
        """

        def send() -> Mapping[str, Any]:
            request = self._api_client.param_serialize(
                method=method,
                resource_path=f"/api/v2{path}",
                query_params=list(query),
                header_params={"Accept": "application/json", **_content_type(body)},
                body=body,
                auth_settings=["OAuth2PasswordBearer", "HTTPBearer"],
            )
            response = self._api_client.call_api(*request, _request_timeout=self._timeouts)
            content = self._read(response.response)
            return {} if response.status == HTTPStatus.NO_CONTENT else require_object(content)

        with translate_errors(failure):
            return self._authorized(send)

    def close(self) -> None:
        """Close all connections."""
        self._api_client.rest_client.pool_manager.clear()

    def _iterate_runs(self, run_ids: Sequence[str]) -> Iterator[Mapping[str, str]]:
        """Yield the runs page by page, as long as each page has runs that no other page had.

        The payloads of the runs are in the response, too: if they are large, fewer runs fit.
        """
        seen: set[tuple[str, str]] = set()
        offset, limit = 0, PAGE_SIZE
        for _ in range(MAX_LIST_REQUESTS):
            try:
                runs, total = self._fetch_page(run_ids, offset=offset, limit=limit)
            except ResponseTooLarge:
                if limit == 1:
                    raise
                limit //= 2
                continue
            yield from runs
            offset += len(runs)
            if not runs or offset >= total:
                return
            keys = {(run["dag_id"], run["dag_run_id"]) for run in runs}
            if keys <= seen:
                raise PublisherUnavailable(
                    f"Airflow lists {total} runs, but those from number {offset - len(runs)} on "
                    "are the same as before. Is a proxy in front of it that ignores the offset?"
                )
            seen |= keys
        raise PublisherUnavailable(
            f"Airflow lists more than {offset} runs, although {len(run_ids)} were requested. It "
            "seems to ignore run_id_prefix_pattern, which it knows since version 3.2.2."
        )

    def _fetch_page(
        self, run_ids: Sequence[str], *, offset: int, limit: int
    ) -> tuple[list[Mapping[str, str]], int]:
        """Return some of the runs, and how many there are in all."""

        def fetch() -> bytes:
            return self._read(
                self._runs.get_dag_runs_without_preload_content(
                    ALL_DAGS,
                    run_id_prefix_pattern="|".join(run_ids),
                    limit=limit,
                    offset=offset,
                    order_by=["id"],
                    _request_timeout=self._timeouts,
                )
            )

        return parse_page(self._authorized(fetch))

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """Return the body of a response; raise the client's error if it reports one."""
        body = read_body(response, max_bytes=self._max_bytes)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise ApiException.from_response(
                http_resp=response, body=body.decode(errors="replace"), data=None
            )
        return body

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
        self._configuration.access_token = None
        self._configuration.access_token = self._tokens.issue()


def _content_type(body: Mapping[str, Any] | None) -> Mapping[str, str]:
    return {} if body is None else {"Content-Type": "application/json"}


def _trigger_body(run_id: str, conf: Mapping[str, Any], note: str) -> TriggerDAGRunPostBody:
    """Return what triggers a run.

    Raises:
        PublishRejected: the client does not accept a value of the message.
    """
    try:
        return TriggerDAGRunPostBody(
            dag_run_id=run_id, logical_date=None, conf=dict(conf), note=note
        )
    except (TypeError, ValueError) as error:
        raise PublishRejected(f"Airflow's client rejects the message: {error}") from error
