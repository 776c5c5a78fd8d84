"""The options of a route: which DAGs are triggered, with what, and how often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DEFAULT_NOTE = "{summary}"
DEFAULT_CHUNK_SIZE = 100

ENVELOPE, DATA = "envelope", "data"
"""Words for `conf`."""


class Runs(StrEnum):
    """How many runs the message of a bulk action has."""

    ONE = "one"
    CHUNKS = "chunks"
    """One for each `chunk_size` objects."""
    OBJECTS = "objects"
    """One for each object."""


RUN_OPTIONS = ("conf", "note", "partition_key", "run_after")
"""Options that an entry of a list of DAGs may have, too."""

ROUTE_OPTIONS = ("dag_id", *RUN_OPTIONS, "runs", "chunk_size", "result_task")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One entry of `dag_id` in a route: a DAG, and what its runs get."""

    dag_id: Any
    """An id, a template, or a function that returns one or several ids."""

    conf: Any = ENVELOPE
    note: Any = DEFAULT_NOTE
    partition_key: Any = None
    run_after: Any = None

    is_of_options: bool = False
    """Whether `dag_id` is that of OPTIONS, so that it is the same for all messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The options of a route, with their defaults."""

    targets: tuple[Target, ...]
    runs: Any = Runs.ONE
    chunk_size: Any = DEFAULT_CHUNK_SIZE

    @classmethod
    def of(cls, options: Mapping[str, Any], default_dag_id: Any) -> Route:
        """Return the route of a message or a setting; nothing in it is checked.

        Args:
            options: of the route.
            default_dag_id: that of OPTIONS.
        """
        is_of_options = options.get("dag_id", "") in ("", None)
        dag_id = default_dag_id if is_of_options else options["dag_id"]
        common = {name: options[name] for name in RUN_OPTIONS if name in options}
        entries = dag_id if isinstance(dag_id, list | tuple) else [dag_id]
        return cls(
            targets=tuple(_targets(entries, common, is_of_options=is_of_options)),
            runs=options.get("runs", Runs.ONE),
            chunk_size=options.get("chunk_size", DEFAULT_CHUNK_SIZE),
        )


def _targets(entries: Any, common: Mapping[str, Any], *, is_of_options: bool) -> Iterator[Target]:
    for entry in entries:
        own = entry if isinstance(entry, Mapping) else {"dag_id": entry}
        known = {name: value for name, value in own.items() if name in ("dag_id", *RUN_OPTIONS)}
        yield Target(**{"dag_id": "", **common, **known}, is_of_options=is_of_options)
