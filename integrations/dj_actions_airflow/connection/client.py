"""A client for Airflow's REST API that renews its token and knows the server's version."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from airflow_client.client.exceptions import ApiException, NotFoundException

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishRejected,
)
from dj_actions.publishers.bounded import MAX_RESPONSE_BYTES
from dj_actions_airflow.connection.authentication import Authentication
from dj_actions_airflow.connection.errors import is_missing_run, is_outage, translate_errors
from dj_actions_airflow.connection.features import Features
from dj_actions_airflow.connection.options import Connection
from dj_actions_airflow.connection.problems import require_connection
from dj_actions_airflow.connection.responses import Run, parse_conf, parse_state, require_object
from dj_actions_airflow.connection.run_list import Query, RunKey, find_runs
from dj_actions_airflow.connection.transport import Response, Transport


class AirflowClient:
    """A client that triggers and finds DAG runs. An instance belongs to one thread.

    Args:
        connection: how to reach the server.
        max_conf_bytes: the largest payload of a run, which Airflow returns with the run.

    Raises:
        PublisherMisconfigured: the options of the connection cannot work.
    """

    def __init__(self, connection: Connection, *, max_conf_bytes: int) -> None:
        require_connection(connection)
        self._base_url = connection.base_url
        self._transport = Transport(connection, max_bytes=MAX_RESPONSE_BYTES + max_conf_bytes)
        self._authentication = Authentication(connection, self._transport)
        self._version = ""

    @property
    def version(self) -> str:
        """The version of the server, for example `3.3.2`; empty if it does not return one.

        It is requested once, and again after a request that failed: a server does not respond
        while it is upgraded.

        Raises:
            PublisherUnavailable: Airflow did not respond.
        """
        if not self._version:
            try:
                found = self.call("GET", "/version", failure="Airflow did not return its version")
            except (DestinationNotFound, PublisherMisconfigured):
                return ""  # it refuses other requests, too, or a proxy in front of it this one
            self._version = str(found.get("version") or "")
        return self._version

    @property
    def features(self) -> Features:
        """What the server can do, by its version.

        Raises:
            PublisherUnavailable: Airflow did not respond.
        """
        return Features.of(self.version)

    def get_conf(self, dag_id: str, run_id: str) -> Mapping[str, Any] | None:
        """Return the payload of a DAG run, or None if the run does not exist.

        Raises:
            PublishError: Airflow did not return the run.
        """
        body = self._get_run((dag_id, run_id))
        return None if body is None else parse_conf(body, run_id)

    def list_runs(self, wanted: Collection[RunKey]) -> list[Run]:
        """Return ids, state and times of those of these runs that exist.

        One request suffices for a hundred runs, from Airflow 3.2.2 on; an older server takes one
        for each.

        Args:
            wanted: the id of the DAG and that of the run, of each run.

        Raises:
            PublishError: Airflow did not list its runs.
        """
        wanted = frozenset(wanted)
        if not wanted:
            return []
        pages = self._get_page if self.features.run_id_prefix_pattern else None
        with translate_errors("Airflow did not list its runs"):
            return find_runs(pages, self._get_state, wanted)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Iterable[tuple[str, Any]] = (),
        body: Mapping[str, Any] | None = None,
        failure: str,
    ) -> Mapping[str, Any]:
        """Send one request to the REST API, and return the JSON object in the response.

        Args:
            method: for example `GET`.
            path: what follows `/api/v2`, quoted; it starts with a slash.
            query: names and values; a name may be repeated.
            body: sent as JSON.
            failure: what Airflow did not do; the message of an error starts with it.

        Returns:
            The object; an empty one for a response without content, as that to a DELETE is.

        Raises:
            DestinationNotFound: there is no such DAG, run or task.
            PublisherUnavailable: Airflow failed, or the response is not a JSON object.
            PublishError: another error.
        """
        with translate_errors(failure):
            response = self._request(method, path, query=query, body=body)
        return {} if response.status == HTTPStatus.NO_CONTENT else require_object(response.data)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _get_page(self, dag_id: str, query: Query) -> bytes:
        return self._request("GET", f"/dags/{_quoted(dag_id)}/dagRuns", query=query).data

    def _get_state(self, key: RunKey) -> Run | None:
        body = self._get_run(key)
        return None if body is None else parse_state(body, key[1])

    def _get_run(self, key: RunKey) -> bytes | None:
        dag_id, run_id = key
        path = f"/dags/{_quoted(dag_id)}/dagRuns/{_quoted(run_id)}"
        with translate_errors(f"Airflow did not return run {run_id} of DAG {dag_id!r}"):
            try:
                return self._request("GET", path).data
            except NotFoundException as error:
                if is_missing_run(error):
                    return None
                raise

    def _request(
        self, method: str, path: str, *, query: Query = (), body: Mapping[str, Any] | None = None
    ) -> Response:
        """Send a request; if it is refused because of a stale token, renew that and send it again.

        Raises:
            ApiException: the response is an error.
            PublishError: there is no token, or the body cannot be sent.
            urllib3.exceptions.HTTPError: there is no response.
        """
        encoded = None if body is None else _encode(body)
        parameters = urlencode(list(query))
        url = f"{self._base_url}/api/v2{path}{'?' if parameters else ''}{parameters}"
        try:
            return self._send(method, url, encoded)
        except ApiException as error:
            if not self._authentication.renew_after(error):
                raise
        return self._send(method, url, encoded)

    def _send(self, method: str, url: str, body: bytes | None) -> Response:
        headers = self._authentication.headers() | {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._transport.send(method, url, headers=headers, body=body)
            _raise_for_status(response)
        except Exception as error:
            if is_outage(error):
                self._version = ""  # what responds again may be another version
            raise
        return response


def _raise_for_status(response: Response) -> None:
    """Raise the client's error for a response that is not a success."""
    if response.status >= HTTPStatus.MULTIPLE_CHOICES:
        text = response.data.decode(errors="replace")
        raise ApiException.from_response(http_resp=response, body=text, data=None)


def _quoted(part: str) -> str:
    return quote(part, safe="")


def _encode(body: Mapping[str, Any]) -> bytes:
    """Return a body as JSON.

    Raises:
        PublishRejected: JSON has no way to write a value of it.
    """
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise PublishRejected(f"The message cannot be written as JSON: {error}") from error
