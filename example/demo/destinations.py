"""Read the results at the destinations, with the vendors' own clients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import stream
import urllib3
from airflow_client.client import ApiClient, Configuration
from airflow_client.client.api.dag_run_api import DagRunApi
from airflow_client.client.api.x_com_api import XComApi

from example.launch.stack import Stack

TIMEOUT = 15.0
REPORT_TASK = "write_report"


class Feeds:
    """The feeds, read with Stream's own client."""

    def __init__(self, stack: Stack) -> None:
        self._client = stream.connect(
            stack.secrets.feeds_key,
            stack.secrets.feeds_secret,
            base_url=stack.feeds_url,
            timeout=TIMEOUT,
        )

    def activities(self, feed: str) -> list[dict[str, Any]]:
        """Return the activities of a feed, newest first."""
        slug, _, owner = feed.partition(":")
        found: list[dict[str, Any]] = self._client.feed(slug, owner).get(limit=100)["results"]
        return found


class Runs:
    """The DAG runs, read with Airflow's own client."""

    def __init__(self, stack: Stack) -> None:
        settings = stack.airflow_settings
        token = urllib3.request(
            "POST",
            f"{settings.base_url}/auth/token",
            json={"username": settings.admin.username, "password": settings.admin.password},
            timeout=TIMEOUT,
        ).json()["access_token"]
        client = ApiClient(Configuration(host=settings.base_url, access_token=token))
        self._runs = DagRunApi(client)
        self._outputs = XComApi(client)
        self._reports = stack.reports

    def of(self, dag_id: str) -> dict[str, str]:
        """Return the runs of a DAG: id → state."""
        listed = self._runs.get_dag_runs(dag_id, limit=100, _request_timeout=TIMEOUT)
        return {run.dag_run_id: run.state.value for run in listed.dag_runs}

    def output(self, dag_id: str, run_id: str) -> Any:
        """Return the output of the run's report task."""
        response = self._outputs.get_xcom_entry_without_preload_content(
            dag_id, REPORT_TASK, run_id, "return_value", _request_timeout=TIMEOUT
        )
        return json.loads(response.read()).get("value")

    def report(self, run_id: str) -> Any:
        """Return the content of the run's report file."""
        path = Path(self._reports) / f"{run_id}.json"
        return json.loads(path.read_text()) if path.exists() else None
