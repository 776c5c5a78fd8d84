"""The contract: what is accepted, and what is said about what is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from dj_actions_airflow_provider.events import Actor, InvalidEvent, event_id_of, parse_event

Conf = dict[str, Any]


def test_a_full_event_is_read(conf: Conf) -> None:
    event = parse_event(conf)

    assert event.id == UUID(conf["id"])
    assert (event.resource, event.action, event.version) == ("todo", "mark_done", 1)
    assert event.occurred_at == datetime(2026, 11, 23, 5, 0, 0, 123456, tzinfo=UTC)
    assert event.actor == Actor(id="1", label="ann")
    assert event.object_id == event.require_object_id() == "7"
    assert event.object_ids == ("7",)
    assert event.data == {"note": "with milk"}
    assert event.result == {"id": 7, "done": True}
    assert event.summary == "ann finished Buy milk"


def test_a_bulk_event_is_read(bulk_conf: Conf) -> None:
    event = parse_event(bulk_conf)

    assert event.object_id is None
    assert event.object_ids == ("7", "8", "9")


def test_a_bulk_event_has_no_single_object(bulk_conf: Conf) -> None:
    event = parse_event(bulk_conf)

    with pytest.raises(InvalidEvent, match="'object_id' is None"):
        event.require_object_id()


def test_keys_that_may_be_missing_have_defaults(conf: Conf) -> None:
    for key in [
        "actor",
        "object_id",
        "data",
        "result",
        "summary",
        "extra",
        "traceparent",
        "parent",
    ]:
        del conf[key]

    event = parse_event(conf)

    assert event.actor is event.object_id is event.result is None
    assert event.data == event.extra == {}
    assert event.summary == event.traceparent == ""
    assert event.actor_label == "the system"


def test_unknown_keys_are_ignored(conf: Conf) -> None:
    assert parse_event(conf | {"priority": "high"}) == parse_event(conf)


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
        ("parent", "7"),
    ],
)
def test_a_wrong_field_is_named_with_its_value(conf: Conf, field: str, value: object) -> None:
    with pytest.raises(InvalidEvent) as caught:
        parse_event(conf | {field: value})

    message = str(caught.value)
    assert message.startswith(f"Event field '{field}' is {value!r}, expected ")
    assert "trigger a new run" in message


@pytest.mark.parametrize(
    "field",
    ["schema", "id", "resource", "action", "version", "occurred_at", "object_ids"],
)
def test_a_missing_field_is_named(conf: Conf, field: str) -> None:
    del conf[field]

    with pytest.raises(InvalidEvent, match=f"Event field '{field}' is None"):
        parse_event(conf)


def test_the_parent_is_read(conf: Conf) -> None:
    parent = "0198c0de-0000-7000-8000-00000000000f"

    assert parse_event(conf | {"parent": parent}).parent == UUID(parent)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, [["7"], ["8"], ["9"]]), (2, [["7", "8"], ["9"]]), (3, [["7", "8", "9"]])],
)
def test_objects_come_in_chunks(bulk_conf: Conf, size: int, expected: list[list[str]]) -> None:
    assert parse_event(bulk_conf).chunks(size) == expected


def test_no_objects_are_no_chunks(bulk_conf: Conf) -> None:
    assert parse_event(bulk_conf | {"object_ids": []}).chunks() == []


def test_a_chunk_without_objects_is_refused(bulk_conf: Conf) -> None:
    with pytest.raises(ValueError, match="A chunk of 0 objects"):
        parse_event(bulk_conf).chunks(0)


@pytest.mark.parametrize("suffix", ["", "-reports", "-reports.0001"])
def test_the_id_of_a_run_has_the_event(conf: Conf, suffix: str) -> None:
    assert event_id_of(f"djactions-{conf['id']}{suffix}", {"text": "Buy milk"}) == conf["id"]


def test_a_run_that_was_triggered_again_has_the_event_in_its_conf(conf: Conf) -> None:
    assert event_id_of("manual__2026-11-23T05:00:00+00:00", conf) == conf["id"]


@pytest.mark.parametrize("other", [None, {}, {"id": "7"}, {"schema": 1, "id": "7"}])
def test_a_run_that_no_action_has_started_has_no_event(other: Conf | None) -> None:
    assert event_id_of("scheduled__2026-11-23T05:00:00+00:00", other) is None
