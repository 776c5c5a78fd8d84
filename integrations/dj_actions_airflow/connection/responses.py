"""Parse what Airflow responds, without the client's models: they reject what is newer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dj_actions.exceptions import PublisherUnavailable

RUN_KEYS = ("dag_id", "dag_run_id", "state")
"""What is read of each run in a list."""

RUN_DETAILS = ("start_date", "end_date", "duration")
"""What is read in addition, if it is there."""

MAX_KEY_LENGTH = 250
"""Characters of an id in Airflow."""

Run = Mapping[str, Any]
"""The `RUN_KEYS` of a run, and its `RUN_DETAILS` as far as they are known."""


def parse_run(body: bytes, run_id: str) -> Mapping[str, Any]:
    """Return the run in a response.

    Raises:
        PublisherUnavailable: the response is not this run.
    """
    run = parse_object(body)
    if run.get("dag_run_id") == run_id:
        return run
    raise _unexpected(f"run {run_id}", body)


def parse_conf(body: bytes, run_id: str) -> Mapping[str, Any]:
    """Return the payload of the run in a response.

    Raises:
        PublisherUnavailable: the response is not this run.
    """
    conf = parse_run(body, run_id).get("conf") or {}
    if isinstance(conf, dict):
        return conf
    raise _unexpected(f"run {run_id}", body)


def parse_state(body: bytes, run_id: str) -> Run:
    """Return ids, state and times of the run in a response.

    Raises:
        PublisherUnavailable: the response is not this run.
    """
    run = parse_run(body, run_id)
    if _is_run(run):
        return _keys_of(run)
    raise _unexpected(f"run {run_id}", body)


def parse_page(body: bytes) -> tuple[list[Run], int]:
    """Return ids, states and times of the runs in a response, and how many there are in all.

    Raises:
        PublisherUnavailable: the response is not a list of runs.
    """
    page = parse_object(body)
    runs, total = page.get("dag_runs"), page.get("total_entries")
    if isinstance(runs, list) and all(map(_is_run, runs)) and isinstance(total, int):
        return [_keys_of(run) for run in runs], total
    raise _unexpected("a list of runs", body)


def require_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a response.

    Raises:
        PublisherUnavailable: the response is something else.
    """
    document = _parse(body)
    if isinstance(document, dict):
        return document
    raise _unexpected("a JSON object", body)


def parse_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object; an empty one, if the body is anything else."""
    document = _parse(body)
    return document if isinstance(document, dict) else {}


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_run(run: object) -> bool:
    return isinstance(run, dict) and all(
        isinstance(run.get(key), str) and len(run[key]) <= MAX_KEY_LENGTH for key in RUN_KEYS
    )


def _keys_of(run: Mapping[str, Any]) -> Run:
    return {key: run.get(key) for key in (*RUN_KEYS, *RUN_DETAILS)}


def _unexpected(what: str, body: bytes) -> PublisherUnavailable:
    return PublisherUnavailable(
        f"Airflow: the response is not {what}: {body[:200]!r}. Is a proxy in front of it?"
    )
