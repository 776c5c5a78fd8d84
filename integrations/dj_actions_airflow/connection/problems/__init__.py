"""What is wrong with the options that say how to reach an Airflow. No client, no network."""

from __future__ import annotations

from collections.abc import Iterator

from dj_actions.exceptions import PublisherMisconfigured
from dj_actions.publishers.http import sentences
from dj_actions_airflow.connection.options import Connection
from dj_actions_airflow.connection.problems.addresses import address_problems
from dj_actions_airflow.connection.problems.certificates import certificate_problems
from dj_actions_airflow.connection.problems.credentials import credential_problems
from dj_actions_airflow.connection.problems.headers import header_problems, is_header
from dj_actions_airflow.connection.problems.problem import Problem

__all__ = ["Problem", "is_header", "problems_of", "require_connection"]


def problems_of(connection: Connection) -> Iterator[Problem]:
    """Yield what is wrong with the options of a connection. No secret is in a message."""
    yield from address_problems(connection.base_url)
    yield from credential_problems(connection)
    yield from header_problems(connection)
    yield from certificate_problems(connection)


def require_connection(connection: Connection) -> None:
    """Check the options of a connection before a request.

    Raises:
        PublisherMisconfigured: nothing could be sent with them.
    """
    for problem in problems_of(connection):
        raise PublisherMisconfigured(
            sentences(f"Airflow: {problem.message}", f"In OPTIONS: {problem.hint}")
        )
