"""Read what Airflow responds: bounded in size and time, and parsed without the client's models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import urllib3
from airflow_client.client import Configuration
from airflow_client.client.rest import RESTClientObject, RESTResponse

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.publishers.bounded import bound_pools, read_body
from dj_actions_airflow.errors import blame_options

RUN_KEYS = ("dag_id", "dag_run_id", "state")
"""What is read of each run in a list."""

MAX_KEY_LENGTH = 250
"""Characters of an id in Airflow."""


class BoundedRESTClient(RESTClientObject):  # type: ignore[misc]  # no type hints
    """Sends the client's requests; the responses are bounded in size and time.

    Args:
        configuration: the client's.
        max_bytes: the largest response that is read.
    """

    def __init__(self, configuration: Configuration, max_bytes: int) -> None:
        super().__init__(configuration)
        self._max_bytes = max_bytes
        bound_pools(self.pool_manager, max_bytes=max_bytes)

    def request(self, *args: Any, **kwargs: Any) -> RESTResponse:
        """Send a request; the body of the response is read later."""
        with blame_options():
            response = super().request(*args, **kwargs).response
        return _BoundedRESTResponse(response, self._max_bytes)


class _BoundedRESTResponse(RESTResponse):  # type: ignore[misc]  # no type hints
    def __init__(self, response: urllib3.BaseHTTPResponse, max_bytes: int) -> None:
        super().__init__(response)
        self.data: bytes | None = None
        self._max_bytes = max_bytes

    def read(self) -> bytes:
        """Read the body, once."""
        if self.data is None:
            self.data = read_body(self.response, max_bytes=self._max_bytes)
        return self.data

    @property
    def headers(self) -> urllib3.HTTPHeaderDict:
        """The headers, without an encoding: the client would use any that Python knows.

        Some of them take hours to decode. JSON is always UTF-8.
        """
        headers: urllib3.HTTPHeaderDict = self.response.headers.copy()
        if "Content-Type" in headers:
            headers["Content-Type"] = headers["Content-Type"].partition(";")[0]
        return headers


def parse_token(body: bytes) -> str:
    """Return the token in a response.

    Raises:
        PublisherUnavailable: there is none.
    """
    document = parse_object(body)
    token = document.get("access_token")
    if isinstance(token, str) and token:
        return token
    raise PublisherUnavailable(
        "Airflow: the response does not contain a token. Is a proxy in front of it?"
    )


def parse_conf(body: bytes, run_id: str) -> Mapping[str, Any]:
    """Return the payload of the run in a response.

    Raises:
        PublisherUnavailable: the response is not this run.
    """
    run = parse_object(body)
    conf = run.get("conf") or {}
    if run.get("dag_run_id") == run_id and isinstance(conf, dict):
        return conf
    raise PublisherUnavailable(
        f"Airflow: the response is not run {run_id}: {body[:200]!r}. Is a proxy in front of it?"
    )


def parse_page(body: bytes) -> tuple[list[Mapping[str, str]], int]:
    """Return ids and states of the runs in a response, and how many runs there are in all.

    The client's models reject fields and states of newer servers.

    Raises:
        PublisherUnavailable: the response is not a list of runs.
    """
    page = parse_object(body)
    runs, total = page.get("dag_runs"), page.get("total_entries")
    if isinstance(runs, list) and all(map(_is_run, runs)) and isinstance(total, int):
        return [{key: run[key] for key in RUN_KEYS} for run in runs], total
    raise PublisherUnavailable(
        f"Airflow: the response is not a list of runs: {body[:200]!r}. Is a proxy in front of it?"
    )


def _is_run(run: object) -> bool:
    return isinstance(run, dict) and all(
        isinstance(run.get(key), str) and len(run[key]) <= MAX_KEY_LENGTH for key in RUN_KEYS
    )


def require_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a response.

    Raises:
        PublisherUnavailable: the response is something else.
    """
    document = _parse(body)
    if isinstance(document, dict):
        return document
    raise PublisherUnavailable(
        f"Airflow: the response is not a JSON object: {body[:200]!r}. Is a proxy in front of it?"
    )


def parse_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object; an empty one, if the body is anything else."""
    document = _parse(body)
    return document if isinstance(document, dict) else {}


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
