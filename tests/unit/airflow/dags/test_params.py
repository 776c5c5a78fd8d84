"""Whether a payload satisfies the params of a DAG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from dj_actions_airflow.dags.params import Param, param_problems, unsatisfied

NOTHING: Mapping[str, Any] = {}


@pytest.mark.parametrize(
    ("default", "schema", "conf", "problems"),
    [
        (None, {"enum": ["a"]}, {"x": "a"}, []),
        (None, {"enum": ["a"]}, {"x": "b"}, ["param x: 'b' is not one of ['a']"]),
        (None, {"type": "string"}, {}, ["param x: there is no value, and it has no default"]),
        (None, {"type": ["string", "null"]}, {}, []),
        (None, {}, {}, []),
        ("a", {"type": "string"}, {}, []),
        ("a", {"type": "integer"}, {}, ["param x: 'a' is not of type 'integer'"]),
        (
            1,
            {"type": "integer", "minimum": 1},
            {"x": 0},
            ["param x: 0 is less than the minimum of 1"],
        ),
        (None, {"format": "uuid"}, {"x": "no"}, ["param x: 'no' is not a 'uuid'"]),
        (None, {"format": "date-time"}, {"x": "no"}, []),  # a server need not know this format
        (None, {"type": "no such type"}, {"x": 1}, []),
        (None, {"$ref": "https://example.com/schema"}, {"x": 1}, []),
        (None, {"type": "string"}, {"x": "a", "y": 1}, []),
    ],
)
def test_a_value_is_judged_as_airflow_does(
    default: Any, schema: Mapping[str, Any], conf: Mapping[str, Any], problems: list[str]
) -> None:
    assert param_problems({"x": Param(value=default, schema=schema)}, conf) == problems


def test_a_problem_does_not_repeat_a_long_value() -> None:
    params = {"x": Param(value=None, schema={"type": "integer"})}
    (problem,) = param_problems(params, {"x": "y" * 10_000})

    assert len(problem) == 300


def test_params_that_need_a_value_are_named() -> None:
    params = {
        "needed": Param(value=None, schema={"type": "string"}),
        "given": Param(value=None, schema={"type": "string"}),
        "default": Param(value="a", schema={"type": "string"}),
    }

    assert unsatisfied(params, {"given"}) == ["needed"]
