"""The input of an action as a Python module with the params of a DAG."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from dj_actions_airflow.dags.params_source import params_source


class StandInParam:
    """Has the arguments of Airflow's Param."""

    def __init__(self, default: Any = "not set", description: str | None = None, **schema: Any):
        self.default = default
        self.description = description
        self.schema = schema.pop("schema", schema)


@pytest.fixture(autouse=True)
def airflow_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `from airflow.sdk import Param` work."""
    sdk = ModuleType("airflow.sdk")
    sdk.Param = StandInParam  # type: ignore[attr-defined]  # a module of this test
    monkeypatch.setitem(sys.modules, "airflow", ModuleType("airflow"))
    monkeypatch.setitem(sys.modules, "airflow.sdk", sdk)


def params_of(schema: dict[str, Any]) -> dict[str, StandInParam]:
    """Return the params of the module that is made for a JSON Schema."""
    source = params_source("NAMES", "todo.mark_done", {"type": "object", **schema})
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102 - it is our own, and has to be Python
    found: dict[str, StandInParam] = namespace["NAMES"]
    return found


def test_a_required_field_has_no_default() -> None:
    verb = {"type": "string", "enum": ["a", "b"], "description": "What to do."}
    params = params_of({"properties": {"verb": verb}, "required": ["verb"]})

    assert (params["verb"].default, params["verb"].description) == ("not set", "What to do.")
    assert params["verb"].schema == {"type": "string", "enum": ["a", "b"]}


def test_another_field_has_its_default_or_may_be_null() -> None:
    fields = {
        "count": {"type": "integer", "default": 3},
        "note": {"type": "string", "maxLength": 5},
        "kind": {"enum": ["a"], "title": "Kind"},
        "any": {},
        "text": {"type": "string", "minLength": 1, "default": ""},
    }
    params = params_of({"properties": fields})

    assert (params["count"].default, params["count"].schema) == (3, {"type": "integer"})
    assert params["note"].default is None
    assert params["note"].schema == {"type": ["string", "null"], "maxLength": 5}
    assert params["kind"].schema == {"title": "Kind", "anyOf": [{"enum": ["a"]}, {"const": None}]}
    assert params["any"].schema == {}
    allowed = [{"type": "string", "minLength": 1}, {"const": ""}]
    assert (params["text"].default, params["text"].schema) == ("", {"anyOf": allowed})


def test_references_remain_within_a_param() -> None:
    definitions = {"Color": {"enum": ["red"]}}
    schema = {"properties": {"color": {"$ref": "#/$defs/Color"}}, "$defs": definitions}
    params = params_of({**schema, "required": ["color"]})

    assert params["color"].schema == {"$ref": "#/$defs/Color", "$defs": definitions}


def test_any_name_and_text_is_python() -> None:
    odd = 'it\'s "odd"\n{}'
    params = params_of({"properties": {odd: {"const": odd, "description": odd}}, "required": [odd]})

    assert params[odd].description == odd
    assert params[odd].schema == {"const": odd}


def test_long_schemas_are_on_several_lines() -> None:
    values = [f"value number {number}" for number in range(10)]
    source = params_source("X", "x.y", {"properties": {"a": {"enum": values}}})

    assert max(map(len, source.splitlines())) < 100
