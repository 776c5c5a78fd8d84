"""Find runs by their ids: with few requests if the server can, with one for each if not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from dj_actions.publishers.bounded import ResponseTooLarge
from dj_actions_airflow.connection.responses import Run, parse_page

PAGE_SIZE = 100
"""Runs per response: the default of Airflow's `[api] maximum_page_limit`."""

SMALLER_PAGES = PAGE_SIZE.bit_length()
"""How often a page can be halved."""

MAX_LISTED_AT_ONCE = 10
"""Runs that are listed at once. Of more, those that have not ended are counted, not listed: what
a list takes most of the server's time for is the runs in it."""

MAX_IDS, MAX_IDS_LENGTH = 100, 5000
"""Runs of one batch, and characters of their ids, which are in the URL of a request."""

ENDED = ("success", "failed")
OPEN = ("queued", "running")
"""The states of a run."""

RunKey = tuple[str, str]
"""The id of a DAG, and that of a run."""

Query = Iterable[tuple[str, Any]]

Fetch = Callable[[str, Query], bytes]
"""Requests a page of the runs of a DAG, or of `ALL_DAGS`."""

ALL_DAGS = "~"


def batches(keys: Iterable[RunKey]) -> Iterator[list[RunKey]]:
    """Yield some of the runs at a time, so that their ids fit the URL of a request.

    Args:
        keys: the runs.
    """
    batch: list[RunKey] = []
    length = 0
    for key in keys:
        length += len(key[1])
        if len(batch) == MAX_IDS or length > MAX_IDS_LENGTH:
            yield batch
            batch, length = [], len(key[1])
        batch.append(key)
    if batch:
        yield batch


def find_runs(
    fetch_page: Fetch | None,
    fetch_run: Callable[[RunKey], Run | None],
    wanted: Collection[RunKey],
) -> list[Run]:
    """Return the runs that exist.

    Args:
        fetch_page: requests a page of runs; None if the server has no such list.
        fetch_run: requests one run; returns None if it does not exist.
        wanted: the runs to find.
    """
    found, is_complete = _find_in_lists(fetch_page, wanted) if fetch_page else ({}, False)
    if is_complete:
        return list(found.values())
    others = [fetch_run(key) for key in wanted if key not in found]
    return [*found.values(), *filter(None, others)]


def _find_in_lists(fetch: Fetch, wanted: Collection[RunKey]) -> tuple[dict[RunKey, Run], bool]:
    """Return the runs that lists have, and whether no others exist."""
    if len(wanted) <= MAX_LISTED_AT_ONCE:
        return list_runs(fetch, wanted)
    found, is_complete = list_runs(fetch, wanted, states=ENDED)
    rest = set(wanted) - found.keys()
    if not is_complete or not rest:
        return found, is_complete
    for dag_id in sorted({dag_id for dag_id, _ in rest}):
        found |= _count_open(fetch, dag_id, {key for key in rest if key[0] == dag_id})
    rest -= found.keys()
    others, is_complete = list_runs(fetch, rest) if rest else ({}, True)
    return found | others, is_complete


def list_runs(
    fetch: Fetch, wanted: Collection[RunKey], *, states: Sequence[str] = ()
) -> tuple[dict[RunKey, Run], bool]:
    """Return the runs that a list of all DAGs' runs has, and whether no others exist.

    The payloads of the runs are in the responses, too: if they are large, fewer runs fit. A server
    that ignores the filter has pages without a wanted run: what is missing then, may exist.

    Args:
        fetch: requests a page of runs.
        wanted: the runs to find.
        states: only runs in these states; all by default.
    """
    found: dict[RunKey, Run] = {}
    offset, limit = 0, PAGE_SIZE
    for _ in range(2 * len(wanted) + SMALLER_PAGES):
        try:
            runs, total = parse_page(
                fetch(ALL_DAGS, _query(wanted, states, limit=limit, offset=offset))
            )
        except ResponseTooLarge:
            if limit == 1:
                raise
            limit //= 2
            continue
        new = {key: run for run in runs if (key := _key_of(run)) in wanted and key not in found}
        found |= new
        offset += len(runs)
        if not runs or offset >= total or len(found) == len(wanted):
            return found, True
        if not new:
            break
    return found, False


def _count_open(fetch: Fetch, dag_id: str, wanted: Collection[RunKey]) -> Mapping[RunKey, Run]:
    """Return all these runs of one DAG if their number says in which state they are, else none.

    It does if as many are in that state, and none in the other, as are wanted.
    """
    if len(wanted) <= MAX_LISTED_AT_ONCE:
        return {}
    numbers = {
        state: parse_page(fetch(dag_id, _query(wanted, (state,), limit=1)))[1] for state in OPEN
    }
    for state, number in numbers.items():
        if number == len(wanted) == sum(numbers.values()):
            return {key: _run(key, state) for key in wanted}
    return {}


def _query(
    wanted: Collection[RunKey], states: Sequence[str], *, limit: int, offset: int = 0
) -> Sequence[tuple[str, Any]]:
    pattern = "|".join(dict.fromkeys(run_id for _, run_id in wanted))
    return [
        ("run_id_prefix_pattern", pattern),
        *(("state", state) for state in states),
        ("order_by", "id"),
        ("limit", limit),
        ("offset", offset),
    ]


def _key_of(run: Run) -> RunKey:
    return run["dag_id"], run["dag_run_id"]


def _run(key: RunKey, state: str) -> Run:
    """Return a run that has not ended; when it has started is not known."""
    return {"dag_id": key[0], "dag_run_id": key[1], "state": state}
