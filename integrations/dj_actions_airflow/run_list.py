"""Find runs by their ids: with few requests if the server can, with one for each if not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from dj_actions.publishers.bounded import ResponseTooLarge
from dj_actions_airflow.responses import Run, parse_page

PAGE_SIZE = 100
"""Runs per response: the default of Airflow's `[api] maximum_page_limit`."""

SMALLER_PAGES = PAGE_SIZE.bit_length()
"""How often a page can be halved."""

RunKey = tuple[str, str]
"""The id of a DAG, and that of a run."""

Query = Iterable[tuple[str, Any]]


def list_runs(
    fetch: Callable[[Query], bytes], wanted: Collection[RunKey]
) -> tuple[dict[RunKey, Run], bool]:
    """Return the runs that a list of all DAGs' runs has, and whether no others exist.

    The payloads of the runs are in the responses, too: if they are large, fewer runs fit. A server
    that ignores the filter has pages without a wanted run: what is missing then, may exist.

    Args:
        fetch: requests a page of runs.
        wanted: the runs to find.
    """
    found: dict[RunKey, Run] = {}
    pattern = "|".join(dict.fromkeys(run_id for _, run_id in wanted))
    offset, limit = 0, PAGE_SIZE
    for _ in range(2 * len(wanted) + SMALLER_PAGES):
        query = {"run_id_prefix_pattern": pattern, "order_by": "id", "limit": limit}
        try:
            runs, total = parse_page(fetch([*query.items(), ("offset", offset)]))
        except ResponseTooLarge:
            if limit == 1:
                raise
            limit //= 2
            continue
        new = {key: run for run in runs if (key := key_of(run)) in wanted and key not in found}
        found |= new
        offset += len(runs)
        if not runs or offset >= total or len(found) == len(wanted):
            return found, True
        if not new:
            break
    return found, False


def find_runs(
    fetch_page: Callable[[Query], bytes] | None,
    fetch_run: Callable[[RunKey], Run | None],
    wanted: Collection[RunKey],
) -> list[Run]:
    """Return the runs that exist.

    Args:
        fetch_page: requests a page of runs; None if the server has no such list.
        fetch_run: requests one run; returns None if it does not exist.
        wanted: the runs to find.
    """
    found, is_complete = list_runs(fetch_page, wanted) if fetch_page else ({}, False)
    if is_complete:
        return list(found.values())
    others = [fetch_run(key) for key in wanted if key not in found]
    return [*found.values(), *filter(None, others)]


def key_of(run: Mapping[str, str]) -> RunKey:
    """Return the ids of a run."""
    return run["dag_id"], run["dag_run_id"]
