"""Whether a payload satisfies the params of a DAG, as Airflow will judge it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import validator_for
from referencing import Registry

FORMATS = FormatChecker(formats=("date", "email", "ipv4", "ipv6", "uuid"))
"""Formats that Airflow knows wherever it runs: we must not be stricter than it is."""

MAX_PROBLEM_LENGTH = 300
"""Characters: a message of jsonschema repeats the value."""


@dataclass(frozen=True, kw_only=True)
class Param:
    """A parameter of a DAG."""

    value: Any
    """The default; null without one."""

    schema: Mapping[str, Any]
    """JSON Schema of its value."""

    @cached_property
    def _validator(self) -> Any:
        # Nothing is fetched: the registry has no schemas to which this one could refer.
        kind = validator_for(self.schema, default=Draft202012Validator)
        return kind(self.schema, registry=Registry(), format_checker=FORMATS)

    def first_problem(self, value: Any) -> str | None:
        """Return the first violation; None without one, and for a schema that cannot be used."""
        try:
            error = next(self._validator.iter_errors(value), None)
        except Exception:  # noqa: BLE001 - Airflow judges for itself when it is triggered
            return None
        return None if error is None else str(error.message)


def param_problems(params: Mapping[str, Param], conf: Mapping[str, Any]) -> list[str]:
    """Return what Airflow would refuse of a payload, for example `param verb: 'x' is not one of …`.

    Args:
        params: of the DAG.
        conf: the payload; keys that are no params do not matter.
    """
    return [problem for name, param in params.items() for problem in _problems(name, param, conf)]


def unsatisfied(params: Mapping[str, Param], given: set[str]) -> list[str]:
    """Return the params that have no default, and get no value.

    Args:
        params: of the DAG.
        given: names of the values that a payload has.
    """
    without = {name: param for name, param in params.items() if name not in given}
    return [name for name, param in without.items() if any(_problems(name, param, {}))]


def first_problem(schema: Mapping[str, Any], value: Any) -> str | None:
    """Return the first violation of a schema; None without one."""
    return Param(value=value, schema=schema).first_problem(value)


def _problems(name: str, param: Param, conf: Mapping[str, Any]) -> Iterator[str]:
    is_given = name in conf
    problem = param.first_problem(conf[name] if is_given else param.value)
    if problem is None:
        return
    if not is_given and param.value is None:
        problem = "there is no value, and it has no default"
    yield f"param {name}: {problem}"[:MAX_PROBLEM_LENGTH]
