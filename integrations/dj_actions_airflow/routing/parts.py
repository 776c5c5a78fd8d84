"""Divide the message of a bulk action into those of its runs, and name each run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from dj_actions.exceptions import PublishRejected
from dj_actions.messages import Message
from dj_actions_airflow.routing.conversion import dag_run_id
from dj_actions_airflow.routing.routes import Runs

MAX_RUNS = 1000
"""Runs of one message: its relay triggers them one after the other."""

MAX_CHUNK_SIZE = 100_000

PLAIN = re.compile(r"[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*")
"""What a run id may contain as it is. Airflow refuses two dots in a row."""

MAX_LABEL_LENGTH = 60
KEPT_OF_LABEL, DIGEST_LENGTH = 40, 12
"""Characters of a part of a run id. A longer one would make the name of a log folder too long."""


class Part(NamedTuple):
    """The message of one run, and what distinguishes the run from others of the same message."""

    message: Message
    label: str
    """Empty for a single one."""


def parts_of(message: Message, runs: Runs, chunk_size: int, *, dags: int = 1) -> list[Part]:
    """Return the parts of a message; itself, unless it is about more objects than one run gets.

    Args:
        message: the message.
        runs: how many runs there are.
        chunk_size: number of objects of a run, for chunks.
        dags: how many DAGs have a run for each part.

    Raises:
        PublishRejected: there would be too many runs.
    """
    ids = message.object_ids
    size = {Runs.ONE: max(1, len(ids)), Runs.CHUNKS: chunk_size, Runs.OBJECTS: 1}[runs]
    is_single = message.object_id is not None or not ids
    count = 1 if is_single else -(-len(ids) // size)
    if count * dags > MAX_RUNS:
        raise PublishRejected(
            f"{message.label} has {len(ids)} objects, which are {count * dags} runs; at most "
            f'{MAX_RUNS} are triggered for one message. Set runs to "chunks", or a larger '
            "chunk_size."
        )
    if is_single:
        return [Part(message, "")]
    if count == 1:
        return [Part(_as_part(message, 0, size, runs), "")]
    return list(_parts(message, size, runs))


def _parts(message: Message, size: int, runs: Runs) -> Iterator[Part]:
    for number, start in enumerate(range(0, len(message.object_ids), size), start=1):
        part = _as_part(message, start, size, runs)
        is_object = runs is Runs.OBJECTS
        yield Part(part, plain_label(part.object_ids[0]) if is_object else f"{number:04}")


def _as_part(message: Message, start: int, size: int, runs: Runs) -> Message:
    ids = message.object_ids[start : start + size]
    return replace(
        message,
        object_ids=ids,
        object_id=ids[0] if runs is Runs.OBJECTS else None,
        result=_result_of(message, start, ids),
    )


def _result_of(message: Message, start: int, ids: Sequence[str]) -> Any:
    """Return the result without the entries of other objects, if it has one for each object."""
    result = message.result
    entries = result.get("results") if isinstance(result, Mapping) else None
    if not isinstance(entries, list) or len(ids) == len(message.object_ids):
        return result
    if all(isinstance(entry, Mapping) and {"id", "ok"} <= entry.keys() for entry in entries):
        wanted = set(ids)  # of a partial action: there are entries of other objects, too
        return {**result, "results": [one for one in entries if str(one["id"]) in wanted]}
    if len(entries) == len(message.object_ids):
        return {**result, "results": entries[start : start + len(ids)]}
    return result


def run_id_of(message: Message, *labels: str) -> str:
    """Return the id of a run; the event's id can be read from it.

    Args:
        message: the message.
        labels: what distinguishes the run from others of the message; empty ones are left out.
    """
    return "-".join([dag_run_id(message), *filter(None, labels)])


def plain_label(text: str) -> str:
    """Return a string as a part of a run id: shortened and with a digest, if it has to be."""
    if PLAIN.fullmatch(text) and len(text) <= MAX_LABEL_LENGTH:
        return text
    kept = re.sub(r"[^A-Za-z0-9]+", "_", text)[:KEPT_OF_LABEL]
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LENGTH]
    return f"{kept}.{digest}"
