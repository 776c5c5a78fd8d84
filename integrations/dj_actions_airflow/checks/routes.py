"""System checks of routes: which DAGs, and what they get. No client, no network."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004

from dj_actions.publishers.templates import AVAILABLE, Template
from dj_actions_airflow.checks.options import check_has_dag
from dj_actions_airflow.routing.dag_ids import DAG_ID_HINT, is_dag_id
from dj_actions_airflow.routing.functions import is_function, load_function
from dj_actions_airflow.routing.parts import MAX_CHUNK_SIZE
from dj_actions_airflow.routing.routes import DATA, ENVELOPE, RUN_OPTIONS, Route, Runs
from dj_actions_airflow.routing.values import moment_of, templates_in, typed_template

FUNCTION_HINT = (
    "Write the path of a function with a colon, 'shop.pipelines:dag_for'. It takes the message."
)

CONF_HINT = (
    "conf is 'envelope' (the default), 'data', a template of an object such as '{data.options}', a "
    "dict of templates such as {'verb': '{data.verb}'}, or a function such as "
    "'shop.pipelines:conf_for'. "
)


def check_route(options: Mapping[str, Any], default: Any, where: str) -> Iterator[CheckMessage]:
    """Yield an error for each option with which no message can be sent.

    Args:
        options: of the route.
        default: `dag_id` of OPTIONS.
        where: the route, to start a message with.
    """
    yield from check_has_dag(options.get("dag_id") or default, where)
    if options.get("dag_id"):
        yield from check_dag_ids(options["dag_id"], where)
    yield from _check_run_options(options, where)
    if "runs" in options and options["runs"] not in list(Runs):
        known = ", ".join(map(repr, map(str, Runs)))
        yield _wrong(where, "runs", options["runs"], f"Expected one of: {known}.")
    if "chunk_size" in options:
        yield from _check_chunk_size(options, where)


def check_dag_ids(dag_id: Any, where: str) -> Iterator[CheckMessage]:
    """Yield an error for each entry of a `dag_id` that names no DAG.

    Args:
        dag_id: an id, a template, a function, or a list of them and of dicts with options.
        where: the setting, to start a message with.
    """
    entries = dag_id if isinstance(dag_id, list | tuple) else [dag_id]
    for entry in entries:
        if isinstance(entry, Mapping):
            yield from _check_entry(entry, where)
        else:
            yield from _check_dag_id(entry, where)
    ids = [target.dag_id for target in Route.of({"dag_id": dag_id}, "").targets]
    for twice in {one for one in ids if isinstance(one, str) and ids.count(one) > 1}:
        yield _wrong(where, "dag_id", dag_id, f"It has {twice!r} twice, which has one run only.")


def _check_entry(entry: Mapping[str, Any], where: str) -> Iterator[CheckMessage]:
    known = ("dag_id", *RUN_OPTIONS)
    for name in entry:
        if name not in known:
            hint = f"Options of an entry: {', '.join(known)}.{_did_you_mean(name, known)}"
            yield _wrong(where, "dag_id", entry, hint)
    if isinstance(entry.get("dag_id"), Mapping):
        yield _wrong(where, "dag_id", entry, "The dag_id of an entry is an id, or a list of ids.")
        return
    yield from check_has_dag(entry.get("dag_id"), where)
    if entry.get("dag_id"):
        yield from check_dag_ids(entry["dag_id"], where)
    yield from _check_run_options(entry, where)


def _check_dag_id(dag_id: Any, where: str) -> Iterator[CheckMessage]:
    if is_function(dag_id):
        yield from _check_function("dag_id", dag_id, where)
    elif isinstance(dag_id, str) and ("{" in dag_id or "}" in dag_id):
        yield from _check_template("dag_id", dag_id, where)
    elif not is_dag_id(dag_id):
        yield Error(
            f"{where}: dag_id is {dag_id!r}, which is not the id of a DAG.",
            hint=DAG_ID_HINT,
            id="dj_actions_airflow.E003",
        )
    elif _names_function(dag_id):
        yield Warning(
            f"{where}: dag_id is {dag_id!r}, which is the id of a DAG, and a function, too.",
            hint=FUNCTION_HINT,
            id="dj_actions_airflow.W001",
        )


def _names_function(dotted: str) -> bool:
    """Return whether a name is that of a function in a package that is imported already."""
    module, _, name = dotted.rpartition(".")
    if not module or module.partition(".")[0] not in sys.modules:
        return False
    try:
        return callable(getattr(import_module(module), name, None))
    except Exception:  # noqa: BLE001 - then it is only the id of a DAG
        return False


def _check_run_options(options: Mapping[str, Any], where: str) -> Iterator[CheckMessage]:
    if "conf" in options:
        yield from _check_conf(options["conf"], where)
    if "note" in options:
        yield from _check_template("note", options["note"], where)
    if options.get("partition_key") is not None:
        yield from _check_template("partition_key", options["partition_key"], where)
    if options.get("run_after") is not None:
        yield from _check_run_after(options["run_after"], where)


def _check_conf(conf: Any, where: str) -> Iterator[CheckMessage]:
    if conf in (ENVELOPE, DATA):
        return
    if is_function(conf):
        yield from _check_function("conf", conf, where)
    elif isinstance(conf, Mapping):
        yield from _check_values(conf, where)
    elif isinstance(conf, str) and "{" in conf:
        yield from _check_template("conf", conf, where, parse=typed_template)
    else:
        hint = CONF_HINT + (_did_you_mean(conf, (ENVELOPE, DATA)) if isinstance(conf, str) else "")
        yield _wrong(where, "conf", conf, hint)


def _check_values(conf: Mapping[Any, Any], where: str) -> Iterator[CheckMessage]:
    for text in templates_in(conf):
        yield from _check_template("conf", text, where, parse=typed_template)
    for entry in _entries_of(conf):
        if not isinstance(entry, str | int | float | bool | None | Mapping | list | tuple):
            yield _wrong(
                where, "conf", entry, "Use strings, numbers, lists and dicts. " + CONF_HINT
            )
    if not all(isinstance(key, str) for key in conf):
        yield _wrong(where, "conf", conf, "Its keys are the names of params: strings.")


def _entries_of(value: Any) -> Iterator[Any]:
    yield value
    inner = value.values() if isinstance(value, Mapping) else value
    if isinstance(value, Mapping | list | tuple):
        for entry in inner:
            yield from _entries_of(entry)


def _check_template(
    name: str, value: Any, where: str, *, parse: Callable[[Any], Template] = Template.parse
) -> Iterator[CheckMessage]:
    try:
        parse(value)
    except (TypeError, ValueError) as error:
        yield Error(
            f"{where}: {name} has the invalid template {value!r}: {error}",
            hint="Use templates like '{data.team_id}'. " + AVAILABLE,
            id="dj_actions_airflow.E007",
        )


def _check_function(name: str, value: Any, where: str) -> Iterator[CheckMessage]:
    try:
        load_function(value)
    except (ImportError, TypeError) as error:
        yield Error(
            f"{where}: {name} is {value!r}: {error}",
            hint=FUNCTION_HINT,
            id="dj_actions_airflow.E008",
        )


def _check_run_after(value: Any, where: str) -> Iterator[CheckMessage]:
    if isinstance(value, str) and "{" in value:
        yield from _check_template("run_after", value, where, parse=typed_template)
        return
    try:
        moment_of(value, datetime.now(UTC))
    except (TypeError, ValueError, OverflowError) as error:
        hint = (
            "Set the seconds after the action, a timedelta, a datetime with a time zone, or a "
            "template such as '{data.start_at}'."
        )
        yield _wrong(where, "run_after", value, hint, f": {error}")


def _check_chunk_size(options: Mapping[str, Any], where: str) -> Iterator[CheckMessage]:
    size = options["chunk_size"]
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= MAX_CHUNK_SIZE:
        yield _wrong(where, "chunk_size", size, f"Set it to 1 up to {MAX_CHUNK_SIZE}.")
    elif options.get("runs", Runs.ONE) != Runs.CHUNKS:
        yield _wrong(where, "chunk_size", size, 'Only runs: "chunks" has chunks.', ", but no runs")


def _did_you_mean(word: str, known: Collection[str]) -> str:
    found = difflib.get_close_matches(word, known, 1)
    return f" Did you mean {found[0]!r}?" if found else ""


def _wrong(where: str, name: str, value: object, hint: str, problem: str = "") -> Error:
    text = f"{where}: {name} is {value!r:.200}{problem or ', which it cannot be'}."
    return Error(text, hint=hint, id="dj_actions_airflow.E009")
