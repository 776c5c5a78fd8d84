"""The id and the payload of a message's DAG run."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from dj_actions_airflow.routing.conversion import (
    ENVELOPE_KEYS,
    RUN_ID_PREFIX,
    SCHEMA,
    dag_run_conf,
    dag_run_id,
    event_id_of,
    raise_for_large_conf,
)

from dj_actions.exceptions import PublishRejected
from dj_actions.messages import Actor, Message
from dj_actions.testing.contract import make_message

PAYLOAD_MODULE = (
    Path(__file__).resolve().parents[4]
    / "integrations/airflow_provider/src/dj_actions_airflow_provider/events.py"
)
ID = UUID("019b8e0c-0000-7000-8000-000000000007")
MESSAGES = [
    pytest.param(make_message(), id="one object"),
    pytest.param(make_message(actor=None, summary="", traceparent=""), id="without an actor"),
    pytest.param(make_message(actor=Actor(id="1", label="")), id="actor without a name"),
    pytest.param(make_message(object_id=None, object_ids=("1", "2")), id="in bulk"),
    pytest.param(make_message(object_id=None, object_ids=()), id="in bulk on no objects"),
    pytest.param(make_message(result=None, data={}), id="without data"),
    pytest.param(make_message(result=[1, 2.5, "x", None], extra={"deep": [{}]}), id="any JSON"),
    pytest.param(
        make_message(occurred_at=datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-9)))),
        id="in local time",
    ),
]


@pytest.fixture(scope="module")
def action_payload() -> Iterator[ModuleType]:
    """The provider's parser, which the sample DAGs use."""
    spec = importlib.util.spec_from_file_location("action_payload", PAYLOAD_MODULE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there for the module of a class
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_the_payload_says_what_happened() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    message = make_message(id=ID, extra={"list": "groceries"}, traceparent=trace, version=3)

    assert dag_run_conf(message) == {
        "schema": 1,
        "id": "019b8e0c-0000-7000-8000-000000000007",
        "resource": "todo",
        "action": "mark_done",
        "version": 3,
        "occurred_at": "2026-01-02T03:04:05.678901+00:00",
        "actor": {"id": "1", "label": "ann"},
        "object_id": "7",
        "object_ids": ["7"],
        "data": {"note": "bought two"},
        "result": {"id": 7, "done": True},
        "summary": "ann finished Buy milk",
        "extra": {"list": "groceries"},
        "traceparent": trace,
        "parent": None,
    }


def test_the_dags_have_each_field_we_send_and_no_other(action_payload: ModuleType) -> None:
    known = {field.name for field in fields(action_payload.ActionEvent)}

    assert dag_run_conf(make_message()).keys() == {"schema", *known}


def test_the_dags_accept_the_version_we_send(action_payload: ModuleType) -> None:
    assert action_payload.SCHEMA == SCHEMA


@pytest.mark.parametrize("message", MESSAGES)
def test_the_dags_read_what_we_send(action_payload: ModuleType, message: Message) -> None:
    payload = action_payload.parse_event(json.loads(json.dumps(dag_run_conf(message))))

    for name in ("id", "resource", "action", "version", "occurred_at", "object_id", "object_ids"):
        assert getattr(payload, name) == getattr(message, name)
    for name in ("data", "result", "summary", "extra", "traceparent", "parent"):
        assert getattr(payload, name) == getattr(message, name)
    actor = payload.actor and (payload.actor.id, payload.actor.label)
    assert actor == (message.actor and (message.actor.id, message.actor.label))


def test_the_keys_of_the_payload_are_known() -> None:
    assert tuple(dag_run_conf(make_message())) == ENVELOPE_KEYS


def test_the_payload_is_plain_json() -> None:
    """Values that only Django's encoder supports become strings before the client gets them."""
    data = {"price": Decimal("1.50"), "id": ID, "at": datetime(2026, 1, 2, tzinfo=UTC)}

    assert dag_run_conf(make_message(data=data))["data"] == {
        "price": "1.50",
        "id": str(ID),
        "at": "2026-01-02T00:00:00Z",
    }


@pytest.mark.parametrize("changes", [{}, {"attempt": 9}, {"options": {"dag_id": "other"}}])
def test_one_message_is_one_run_at_every_attempt(changes: dict[str, Any]) -> None:
    message = make_message()
    again = replace(message, **changes)

    assert (dag_run_id(again), dag_run_conf(again)) == (dag_run_id(message), dag_run_conf(message))


@pytest.mark.parametrize("part", ["", "-reports", "-2.todo_report-0007"])
def test_the_event_of_a_run_is_read_from_its_id(part: str) -> None:
    message = make_message()

    assert event_id_of(f"{dag_run_id(message)}{part}") == str(message.id)


@pytest.mark.parametrize(
    "run_id",
    ["", "manual__2026-01-02", "djactions-doctor", f"djactions-{ID}-", f"djactions-{ID}x"],
)
def test_a_run_of_others_has_no_event(run_id: str) -> None:
    assert event_id_of(run_id) is None


def test_two_messages_are_two_runs() -> None:
    assert dag_run_id(make_message()) != dag_run_id(make_message())


def test_a_run_id_is_one_that_airflow_accepts_and_can_make_a_folder_of() -> None:
    run_id = dag_run_id(make_message())

    assert run_id.startswith(RUN_ID_PREFIX)
    assert re.fullmatch(r"[A-Za-z0-9_.~:+-]{1,200}", run_id)
    assert ".." not in run_id


def test_no_run_id_begins_with_another() -> None:
    """Runs are listed by the prefix of their ids."""
    assert len({len(dag_run_id(make_message())) for _ in range(10)}) == 1


def test_a_payload_of_the_largest_size_is_taken() -> None:
    raise_for_large_conf({"a": "b"}, len('{"a": "b"}'))


def test_one_byte_more_is_rejected_with_both_sizes_and_the_option() -> None:
    with pytest.raises(PublishRejected, match="has 10 bytes; max_conf_bytes allows 9"):
        raise_for_large_conf({"a": "b"}, 9)


def test_a_size_is_counted_in_utf_8() -> None:
    conf = {"note": "é" * 100}

    raise_for_large_conf(conf, len('{"note": ""}') + 200)
    with pytest.raises(PublishRejected, match="has 212 bytes"):
        raise_for_large_conf(conf, 211)
