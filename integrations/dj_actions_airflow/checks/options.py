"""System checks of a publisher's OPTIONS. No client, no network."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004

from dj_actions.publishers.http import is_timeout, without_credentials
from dj_actions_airflow.connection.options import Connection
from dj_actions_airflow.connection.problems import problems_of
from dj_actions_airflow.routing.dag_ids import is_dag_id


def check_connection(connection: Connection, where: str) -> Iterator[CheckMessage]:
    """Yield an error for each option with which nothing can be sent, or a warning."""
    problems = list(problems_of(connection))
    for problem in problems:
        yield Error(
            f"{where}: {problem.message}",
            hint=problem.hint,
            id=f"dj_actions_airflow.{problem.id}",
        )
    if not problems and not connection.verify and connection.base_url.startswith("https:"):
        yield Warning(
            f"{where}: verify is False: anyone on the path of the connection reads the password or "
            "the token.",
            hint="Set ca_cert to the certificate of the authority that has issued the server's.",
            id="dj_actions_airflow.W021",
        )


def check_task_id(task_id: object, where: str) -> Iterator[CheckMessage]:
    """Yield an error if the id of the task with the result is not one that Airflow allows."""
    if task_id != "" and not is_dag_id(task_id):  # the same rule
        yield Error(
            f"{where}: result_task is {task_id!r}, which is not the id of a task.",
            hint="Use the id of the task in the DAG, with its groups: letters, digits, '_', '-' "
            "and '.', at most 250.",
            id="dj_actions_airflow.E030",
        )


def check_has_dag(dag_id: object, where: str) -> Iterator[CheckMessage]:
    """Yield an error if neither a route nor OPTIONS has a DAG."""
    if not dag_id:
        yield Error(
            f"{where}: no DAG is configured.",
            hint='Set it in ROUTES, {"todo.*": {"dag_id": "todo_completed"}}, or for all routes '
            "in OPTIONS.",
            id="dj_actions_airflow.E004",
        )


def check_limits(
    timeouts: tuple[float, float], max_conf_bytes: object, where: str
) -> Iterator[CheckMessage]:
    """Yield an error for each number with which nothing can be sent."""
    for name, seconds in zip(("connect_timeout", "timeout"), timeouts, strict=True):
        if not is_timeout(seconds):
            yield _wrong_number(where, name, seconds, "Set it to the seconds to wait, above 0.")
    if not isinstance(max_conf_bytes, int) or max_conf_bytes < 1:
        yield _wrong_number(where, "max_conf_bytes", max_conf_bytes, "Set it to 1 or more.")


def check_public_url(public_url: str, where: str) -> Iterator[CheckMessage]:
    """Yield an error if links to runs would not be links to a web server."""
    try:
        parts = urlsplit(public_url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        yield Error(
            f"{where}: public_url is {without_credentials(public_url)!r}, which is not the "
            "address of a web interface.",
            hint="Set it to what you open in a browser, for example 'https://airflow.example.com'.",
            id="dj_actions_airflow.E006",
        )


def _wrong_number(where: str, name: str, value: object, hint: str) -> Error:
    return Error(
        f"{where}: {name} is {value!r}, with which nothing is sent.",
        hint=hint,
        id="dj_actions_airflow.E005",
    )
