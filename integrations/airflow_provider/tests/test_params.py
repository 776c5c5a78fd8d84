"""The params: what Airflow accepts as the conf of a run, and what a form shows."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from airflow.sdk import Param
from airflow.sdk.definitions.param import ParamsDict

from dj_actions_airflow_provider.params import action_params

Conf = dict[str, Any]


def accepted(params: dict[str, Any], conf: Conf) -> bool:
    """Return what Airflow says when a run is triggered."""
    given = ParamsDict(deepcopy(params))  # it keeps the values in them
    try:
        given.update(conf)
        given.validate()
    except Exception:  # noqa: BLE001 - its class moves between releases of Airflow
        return False
    return True


def test_every_event_is_accepted(conf: Conf, bulk_conf: Conf) -> None:
    assert accepted(action_params(), conf)
    assert accepted(action_params(), bulk_conf)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", 2),
        ("id", "7"),
        ("version", 0),
        ("object_ids", "7"),
        ("object_ids", [""]),
        ("actor", "ann"),
        ("data", []),
    ],
)
def test_a_wrong_field_is_refused(conf: Conf, field: str, value: object) -> None:
    assert not accepted(action_params(), conf | {field: value})


@pytest.mark.parametrize(
    "field", ["schema", "id", "resource", "action", "version", "occurred_at", "object_ids"]
)
def test_a_missing_field_is_refused(conf: Conf, field: str) -> None:
    del conf[field]

    assert not accepted(action_params(), conf)


def test_a_dag_takes_only_its_resource_and_actions(conf: Conf) -> None:
    assert accepted(action_params(resource="todo", actions=["mark_done"]), conf)
    assert not accepted(action_params(resource="user"), conf)
    assert not accepted(action_params(actions=["remind", "hand_over"]), conf)


def test_a_dag_takes_only_one_object_or_only_many(conf: Conf, bulk_conf: Conf) -> None:
    assert accepted(action_params(bulk=False), conf)
    assert not accepted(action_params(bulk=False), bulk_conf)
    assert accepted(action_params(bulk=True), bulk_conf)
    assert not accepted(action_params(bulk=True), conf)


def test_the_input_of_the_action_is_checked(conf: Conf) -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mark done",
        "type": "object",
        "properties": {"note": {"type": "string", "maxLength": 20}},
        "required": ["note"],
    }
    params = action_params(data=schema)

    assert accepted(params, conf)
    assert not accepted(params, conf | {"data": {"note": "x" * 21}})
    assert not accepted(params, conf | {"data": {}})
    del conf["data"]
    assert not accepted(params, conf)


def test_the_params_of_the_dag_come_first() -> None:
    params = action_params({"verbose": Param(default=False, type="boolean")})

    assert next(iter(params)) == "verbose"
    assert "section" not in params["verbose"].schema
    assert {param.schema["section"] for name, param in params.items() if name != "verbose"} == {
        "Event of DJ Actions"
    }


def test_a_param_with_the_name_of_a_field_is_refused() -> None:
    with pytest.raises(ValueError, match="The params action, id are fields of the event"):
        action_params({"id": Param(1), "action": Param("x"), "verbose": Param(1)})
