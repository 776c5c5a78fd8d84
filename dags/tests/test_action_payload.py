"""The contract: what is accepted, and what is said about what is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from action_payload import Actor, PayloadError, parse_payload

Conf = dict[str, Any]


def test_a_full_payload_is_read(conf: Conf) -> None:
    payload = parse_payload(conf)

    assert payload.id == UUID(conf["id"])
    assert (payload.resource, payload.action, payload.version) == ("todo", "mark_done", 1)
    assert payload.occurred_at == datetime(2026, 11, 23, 5, 0, 0, 123456, tzinfo=UTC)
    assert payload.actor == Actor(id="1", label="ann")
    assert payload.object_id == payload.require_object_id() == "7"
    assert payload.object_ids == ("7",)
    assert payload.data == {"note": "with milk"}
    assert payload.result == {"id": 7, "done": True}
    assert payload.summary == "ann finished Buy milk"


def test_a_bulk_payload_is_read(bulk_conf: Conf) -> None:
    payload = parse_payload(bulk_conf)

    assert payload.object_id is None
    assert payload.object_ids == ("7", "8", "9")


def test_a_bulk_payload_has_no_single_object(bulk_conf: Conf) -> None:
    payload = parse_payload(bulk_conf)

    with pytest.raises(PayloadError, match="'object_id' is None"):
        payload.require_object_id()


def test_keys_that_may_be_missing_have_defaults(conf: Conf) -> None:
    for key in ["actor", "object_id", "data", "result", "summary", "extra", "traceparent"]:
        del conf[key]

    payload = parse_payload(conf)

    assert payload.actor is payload.object_id is payload.result is None
    assert payload.data == payload.extra == {}
    assert payload.summary == payload.traceparent == ""
    assert payload.actor_label == "the system"


def test_unknown_keys_are_ignored(conf: Conf) -> None:
    assert parse_payload(conf | {"priority": "high"}) == parse_payload(conf)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", 2),
        ("schema", True),
        ("schema", None),
        ("id", "7"),
        ("id", None),
        ("resource", ""),
        ("action", 5),
        ("version", 0),
        ("version", "1"),
        ("version", True),
        ("occurred_at", "yesterday"),
        ("occurred_at", "2026-11-23T05:00:00"),
        ("actor", "ann"),
        ("actor", {"id": 1, "label": "ann"}),
        ("actor", {"id": "1"}),
        ("object_id", 7),
        ("object_id", ""),
        ("object_ids", "7"),
        ("object_ids", [7]),
        ("object_ids", [""]),
        ("object_ids", None),
        ("object_ids", ["8"]),
        ("object_ids", ["7", "8"]),
        ("data", []),
        ("data", None),
        ("summary", None),
        ("extra", "x"),
        ("traceparent", 0),
    ],
)
def test_a_wrong_field_is_named_with_its_value(conf: Conf, field: str, value: object) -> None:
    with pytest.raises(PayloadError) as caught:
        parse_payload(conf | {field: value})

    message = str(caught.value)
    assert message.startswith(f"Payload field '{field}' is {value!r}, expected ")
    assert "trigger a new run" in message


@pytest.mark.parametrize(
    "field",
    ["schema", "id", "resource", "action", "version", "occurred_at", "object_ids"],
)
def test_a_missing_field_is_named(conf: Conf, field: str) -> None:
    del conf[field]

    with pytest.raises(PayloadError, match=f"Payload field '{field}' is None"):
        parse_payload(conf)
