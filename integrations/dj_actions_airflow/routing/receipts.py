"""The receipts of DAG runs, with links to Airflow's web interface."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from dj_actions.messages import Receipt, ReceiptPart
from dj_actions_airflow.routing.planning import PlannedRun


def run_url(public_url: str, dag_id: str, run_id: str) -> str:
    """Return the page of a run.

    Args:
        public_url: the address of Airflow's web interface, without a trailing slash.
        dag_id: id of the DAG.
        run_id: id of the run.
    """
    return f"{public_url}/dags/{quote(dag_id)}/runs/{quote(run_id)}"


def receipt_of_run(public_url: str, dag_id: str, run_id: str) -> Receipt:
    """Return the receipt of one run; see `run_url`."""
    url = run_url(public_url, dag_id, run_id)
    return Receipt(id=run_id, scope=dag_id, url=url, tracked=True)


def receipt_of_runs(public_url: str, runs: Sequence[PlannedRun]) -> Receipt:
    """Return the receipt of the runs of one message; with parts if there are several."""
    parts = tuple(
        ReceiptPart(
            id=run.run_id, scope=run.dag_id, url=run_url(public_url, run.dag_id, run.run_id)
        )
        for run in runs
    )
    return Receipt(
        id=parts[0].id,
        scope=parts[0].scope,
        url=parts[0].url,
        tracked=True,
        parts=parts if len(parts) > 1 else (),
    )
