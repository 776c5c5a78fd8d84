"""Find out what became of DAG runs: their states, and the reasons for them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dj_actions.messages import Receipt, RemoteRun
from dj_actions.states import RemoteState
from dj_actions_airflow.connection.run_list import RunKey, batches
from dj_actions_airflow.routing.receipts import run_url
from dj_actions_airflow.tracking.dag_hints import DagHints
from dj_actions_airflow.tracking.run_changes import RunChanges
from dj_actions_airflow.tracking.run_states import LOST_RUN, combined, listed_run
from dj_actions_airflow.tracking.task_failures import find_failure
from dj_actions_airflow.tracking.task_results import find_result

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient

MAX_SECONDS = 10.0
"""Seconds for the reasons of all runs of one call: those of the others are read next time."""

MAX_KNOWN = 1000
"""Ends of which the reasons are kept, so that they are read once."""


class RunTracker:
    """Reads states of runs in a list, and the reasons for them run by run.

    Args:
        client: sends the requests.
        public_url: the address of Airflow's web interface, without a trailing slash.
        result_task: the task whose return value is the result of a run; empty for none.
    """

    def __init__(self, client: AirflowClient, *, public_url: str, result_task: str) -> None:
        self._client = client
        self._public_url = public_url
        self._result_task = result_task
        self._hints = DagHints(client)
        self._known: OrderedDict[tuple[Any, ...], RemoteRun] = OrderedDict()
        self.changes = RunChanges(client)

    def track(self, receipts: Sequence[Receipt]) -> list[RemoteRun]:
        """Return the state of each receipt's runs.

        Raises:
            PublishError: Airflow did not list them.
        """
        keys = [_keys(receipt) for receipt in receipts]
        listed = self._list(dict.fromkeys(key for own in keys for key in own))
        deadline = time.monotonic() + MAX_SECONDS
        return [
            combined([self._run(key, listed, receipt, deadline) for key in own])
            for receipt, own in zip(receipts, keys, strict=True)
        ]

    def _list(self, keys: Iterable[RunKey]) -> dict[RunKey, Mapping[str, Any]]:
        return {
            (run["dag_id"], run["dag_run_id"]): run
            for batch in batches(keys)
            for run in self._client.list_runs(batch)
        }

    def _run(
        self,
        key: RunKey,
        listed: Mapping[RunKey, Mapping[str, Any]],
        receipt: Receipt,
        deadline: float,
    ) -> RemoteRun:
        if key not in listed:
            return LOST_RUN
        run = listed_run(listed[key])
        if time.monotonic() > deadline:
            return run
        if run.state == RemoteState.RUNNING:
            return replace(run, hint=self._hints.of(key[0], is_queued=run.detail == "queued"))
        return self._explained(key, run, _result_task(receipt) or self._result_task)

    def _explained(self, key: RunKey, run: RemoteRun, result_task: str) -> RemoteRun:
        """Return an end with its reason, which is read once."""
        if run.state == RemoteState.SUCCEEDED and not result_task:
            return run
        end = (*key, run.state, run.ended_at, result_task)
        if end in self._known:
            return self._known[end]
        explained = self._explain(key, run, result_task)
        # What Airflow has not written yet, or cannot return now, is read again next time.
        if explained.result is not None or (explained.failure and explained.failure.log):
            self._known[end] = explained
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return explained

    def _explain(self, key: RunKey, run: RemoteRun, result_task: str) -> RemoteRun:
        if run.state == RemoteState.SUCCEEDED:
            return replace(run, result=find_result(self._client, *key, task_id=result_task))
        url = run_url(self._public_url, *key)
        return replace(run, failure=find_failure(self._client, *key, run_url=url))


def _keys(receipt: Receipt) -> list[RunKey]:
    """Return the runs of a receipt: one, or several parts."""
    parts = getattr(receipt, "parts", ()) or (receipt,)
    return [(part.scope, part.id) for part in parts]


def _result_task(receipt: Receipt) -> str:
    task = receipt.options.get("result_task")
    return task if isinstance(task, str) else ""
