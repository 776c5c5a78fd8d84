"""What Airflow itself says against the routes, for `check --deploy` and the doctor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004

from dj_actions.exceptions import DestinationNotFound
from dj_actions_airflow.checks.routed_actions import (
    Definition,
    RoutedActions,
    input_names,
    routed_actions,
)
from dj_actions_airflow.connection.health import broken_programs
from dj_actions_airflow.dags.details import DagDetails, fetch_details
from dj_actions_airflow.dags.params import param_problems, unsatisfied
from dj_actions_airflow.dags.permissions import may_trigger
from dj_actions_airflow.routing.conversion import ENVELOPE_KEYS
from dj_actions_airflow.routing.dag_ids import is_dag_id
from dj_actions_airflow.routing.functions import is_function
from dj_actions_airflow.routing.routes import DATA, ENVELOPE, Route, Target

if TYPE_CHECKING:
    from dj_actions_airflow.connection.client import AirflowClient


def check_deployed(alias: str, default: Any, client: AirflowClient) -> Iterator[CheckMessage]:
    """Yield what keeps DAGs from running for the messages of a publisher.

    DAGs that templates and functions choose are not known before there is a message.

    Args:
        alias: the publisher.
        default: `dag_id` of OPTIONS.
        client: to ask with.

    Raises:
        PublishError: Airflow did not respond as it should.
    """
    yield from _check_health(alias, client)
    known: dict[str, DagDetails | None] = {}
    for routed, target, dag_id in _named_dags(alias, default):
        if dag_id not in known:
            known[dag_id] = _details_of(client, dag_id)
            yield from _check_dag(client, dag_id, known[dag_id], routed.where)
        if (details := known[dag_id]) is not None:
            yield from _check_params(details, target, routed)


def problems_of(alias: str, default: Any, client: AirflowClient, action: str) -> Iterator[str]:
    """Yield what `check_deployed` finds for one action, but for the programs and permissions.

    Args:
        alias: the publisher.
        default: `dag_id` of OPTIONS.
        client: to ask with.
        action: for example `todo.mark_done`.

    Raises:
        PublishError: Airflow did not respond as it should.
    """
    for routed, target, dag_id in _named_dags(alias, default):
        own = tuple(entry for entry in routed.definitions if entry.label == action)
        if not own:
            continue
        details = _details_of(client, dag_id)
        found = [*_check_details(details, dag_id, routed.where)]
        if details is not None:
            found += _check_params(details, target, replace(routed, definitions=own))
        yield from (f"{one.msg.removeprefix(f'{routed.where}: ')} {one.hint}" for one in found)


def routed_dag_ids(alias: str, default: Any) -> Iterator[str]:
    """Return the DAGs that the routes of a publisher name, as far as they are known before."""
    return (dag_id for _, _, dag_id in _named_dags(alias, default))


def _named_dags(alias: str, default: Any) -> Iterator[tuple[RoutedActions, Target, str]]:
    for routed in routed_actions(alias):
        for target in Route.of(routed.options, default).targets:
            for dag_id in _static_ids(target.dag_id):
                yield routed, target, dag_id


def _static_ids(dag_id: Any) -> list[str]:
    entries = dag_id if isinstance(dag_id, list | tuple) else [dag_id]
    return [entry for entry in entries if not is_function(entry) and is_dag_id(entry)]


def _details_of(client: AirflowClient, dag_id: str) -> DagDetails | None:
    try:
        return fetch_details(client, dag_id)
    except DestinationNotFound:
        return None


def _check_health(alias: str, client: AirflowClient) -> Iterator[CheckMessage]:
    for name in broken_programs(client):
        yield Warning(
            f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]: the {name} of Airflow does not work.',
            hint="Start it, or read its log: until then runs remain as they are.",
            id="dj_actions_airflow.W004",
        )


def _check_dag(
    client: AirflowClient, dag_id: str, details: DagDetails | None, where: str
) -> Iterator[CheckMessage]:
    yield from _check_details(details, dag_id, where)
    if details is not None and not may_trigger(client, dag_id):
        yield Error(
            f"{where}: the user may not trigger DAG {dag_id!r}.",
            hint="Give it a role that may create DAG runs, for example Op.",
            id="dj_actions_airflow.E013",
        )


def _check_details(details: DagDetails | None, dag_id: str, where: str) -> Iterator[CheckMessage]:
    if details is None or (details.is_stale and not details.has_import_errors):
        yield Error(
            f"{where}: Airflow has no DAG {dag_id!r}{' any more' if details else ''}.",
            hint="Deploy it, or correct dag_id. `airflow dags list` shows the ids, and `airflow "
            "dags list-import-errors` why a file has none.",
            id="dj_actions_airflow.E010",
        )
        return
    if details.has_import_errors:
        yield Error(
            f"{where}: the file of DAG {dag_id!r} has import errors.",
            hint="`airflow dags list-import-errors` shows them.",
            id="dj_actions_airflow.E011",
        )
    if details.is_paused:
        yield Warning(
            f"{where}: DAG {dag_id!r} is paused: its runs remain queued.",
            hint=f"`airflow dags unpause {dag_id}`, if it is to run.",
            id="dj_actions_airflow.W003",
        )
    if not details.allows_triggers:
        yield Error(
            f"{where}: DAG {dag_id!r} does not allow manual runs.",
            hint="Add DagRunType.MANUAL to its allowed_run_types.",
            id="dj_actions_airflow.E012",
        )


def _check_params(
    details: DagDetails, target: Target, routed: RoutedActions
) -> Iterator[CheckMessage]:
    """Yield an error if no message of an action can satisfy the params of its DAG."""
    if not (isinstance(target.conf, Mapping) or target.conf in (ENVELOPE, DATA)):
        return  # a function, or a template of an object: its keys are not known
    literals = _literals(target)
    constant = {name: param for name, param in details.params.items() if name in literals}
    for definition in routed.definitions:
        missing = unsatisfied(details.params, _given(target, definition))
        problems = [
            *param_problems(constant, literals),
            *(f"param {name}: there is no value, and it has no default" for name in missing),
        ]
        if problems:
            yield Error(
                f"{routed.where}: DAG {details.dag_id!r} refuses every message of "
                f"{definition.label}: {'; '.join(problems)}.",
                hint="Let conf of the route set them, give them a default in the DAG, or change "
                f"the input of the action: `manage.py airflow_params {definition.resource} "
                f"{definition.name}` prints it as params.",
                id="dj_actions_airflow.E014",
            )


def _given(target: Target, definition: Definition) -> set[str]:
    """Return the names that a payload may have."""
    if target.conf == ENVELOPE:
        return set(ENVELOPE_KEYS)
    if target.conf == DATA:
        return set(input_names(definition))
    return set(target.conf)


def _literals(target: Target) -> Mapping[str, Any]:
    """Return the values of a payload that are the same for all messages."""
    if not isinstance(target.conf, Mapping):
        return {}
    return {name: value for name, value in target.conf.items() if _is_literal(value)}


def _is_literal(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_literal, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_literal, value))
    return not (isinstance(value, str) and ("{" in value or "}" in value))
