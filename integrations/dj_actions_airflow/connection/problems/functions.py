"""What is wrong with an option that may be a function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dj_actions_airflow.connection.options import function_of
from dj_actions_airflow.connection.problems.problem import Problem


def function_problems(value: Any, option: str, check_id: str) -> Iterator[Problem]:
    """Yield the problem of an option that names a function which cannot be imported."""
    try:
        function_of(value)
    except Exception as error:  # noqa: BLE001 - the module is the user's
        yield Problem(
            id=check_id,
            message=f"{option} is {value!r}, which cannot be imported: {error}",
            hint="Set the dotted path of a function without arguments. If it is a token and no "
            'path, set headers to {"Authorization": "Bearer …"} instead.',
        )


def kind_of(value: object) -> str:
    """Return what a value is, without showing it: it may be a secret."""
    return "a string" if isinstance(value, str) else f"a value of type {type(value).__name__}"
