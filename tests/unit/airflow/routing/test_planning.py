"""Which runs a message has, as its route says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from dj_actions_airflow.routing.conversion import dag_run_conf, dag_run_id, event_id_of
from dj_actions_airflow.routing.parts import MAX_RUNS, plain_label
from dj_actions_airflow.routing.planning import PlannedRun, planned_runs

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublishRejected,
)
from dj_actions.messages import Message
from dj_actions.testing.contract import make_message

DATA = {
    "verb": "publish",
    "count": 3,
    "ids": [1, 2],
    "options": {"deep": True, "none": None},
    "empty": "",
    "at": "2026-03-04T05:06:07+02:00",
    "pin": "[redacted]",
}


def plan(
    options: Mapping[str, Any], *, default: Any = "reports", **changes: Any
) -> list[PlannedRun]:
    """Return the runs of a message with these options of its route."""
    return planned_runs(message_with(options, **changes), default, 10_000)


def message_with(options: Mapping[str, Any], **changes: Any) -> Message:
    """Return a message with rich data."""
    return make_message(**{"data": DATA, "options": options, **changes})


def bulk(count: int, **changes: Any) -> dict[str, Any]:
    """Return what makes a message one of a bulk action."""
    return {"object_id": None, "object_ids": tuple(map(str, range(count))), **changes}


def choose(message: Message) -> Any:
    """Return what the test has put into the data."""
    chosen: Any = message.data["chosen"]
    return chosen


def fail(message: Message) -> Any:
    """Fail as a query might."""
    raise RuntimeError("no database")


def reject(message: Message) -> Any:
    """Reject a message."""
    raise PublishRejected("Not on Sundays.")


CHOOSE = f"{__name__}:choose"


def test_without_options_the_dag_of_options_gets_the_envelope() -> None:
    message = make_message()
    (run,) = planned_runs(message, "reports", 10_000)

    assert (run.dag_id, run.run_id, run.is_envelope) == ("reports", dag_run_id(message), True)
    assert run.conf == dag_run_conf(message)
    assert (run.note, run.run_after, run.partition_key) == (message.summary, None, None)


@pytest.mark.parametrize(
    ("dag_id", "expected"),
    [
        ("other", ["other"]),
        ("do_{data.verb}", ["do_publish"]),
        ("{resource}_{action}", ["todo_mark_done"]),
        ("n{data.ids}", ["n1", "n2"]),
        (["a", "b"], ["a", "b"]),
        (["a", "{data.missing?}"], ["a"]),
        ([{"dag_id": "a"}, "b"], ["a", "b"]),
        ([{"dag_id": ["a", "b"]}, "c"], ["a", "b", "c"]),
        (lambda message: "by_function", ["by_function"]),
        (lambda message: ["a", "b"], ["a", "b"]),
    ],
)
def test_a_route_chooses_dags(dag_id: Any, expected: list[str]) -> None:
    assert [run.dag_id for run in plan({"dag_id": dag_id})] == expected


def test_a_function_is_found_by_its_path() -> None:
    runs = plan({"dag_id": CHOOSE}, data={"chosen": ["a", "b"]})

    assert [run.dag_id for run in runs] == ["a", "b"]


@pytest.mark.parametrize(
    ("conf", "expected"),
    [
        ({"verb": "{data.verb}"}, {"verb": "publish"}),
        ({"n": "{data.count}", "v": "{version}"}, {"n": 3, "v": 1}),
        ({"text": "{data.count} times"}, {"text": "3 times"}),
        ({"ids": "{data.ids}", "o": "{data.options}"}, {"ids": [1, 2], "o": DATA["options"]}),
        ({"none": "{data.options.none}"}, {"none": None}),
        ({"empty": "{data.empty}"}, {"empty": ""}),
        ({"a": "{data.missing?}", "b": 1}, {"b": 1}),
        ({"list": ["{data.verb}", 2, "{data.missing?}"]}, {"list": ["publish", 2]}),
        ({"deep": {"er": "{object}"}}, {"deep": {"er": "7"}}),
        ({"all": "{object_ids}"}, {"all": ["7"]}),
        ({"who": "{actor}", "name": "{actor.label}"}, {"who": "1", "name": "ann"}),
        ({"at": "{occurred_at}"}, {"at": "2026-01-02T03:04:05.678901+00:00"}),
        ({"brackets": "{{x}}"}, {"brackets": "{x}"}),
        ("{data.options}", DATA["options"]),
        ({}, {}),
        (lambda message: {"at": message.occurred_at, "price": Decimal("1.5")}, None),
    ],
)
def test_a_route_shapes_the_payload(conf: Any, expected: Any) -> None:
    (run,) = plan({"conf": conf})

    assert run.conf == (expected or run.conf)
    assert not run.is_envelope
    if expected is None:
        assert run.conf == {"at": "2026-01-02T03:04:05.678Z", "price": "1.5"}


def test_a_dag_with_params_of_its_own_gets_the_input() -> None:
    (run,) = plan({"conf": "data"}, data={"verb": "a"})

    assert run.conf == {"verb": "a"}


def test_of_several_dags_each_may_have_a_payload_of_its_own() -> None:
    entries = [{"dag_id": "a", "conf": {"verb": "{data.verb}"}, "note": "one"}, "b"]
    first, second = plan({"dag_id": entries, "conf": {"n": "{data.count}"}})

    assert (first.conf, first.note) == ({"verb": "publish"}, "one")
    assert (second.conf, second.note) == ({"n": 3}, "ann finished Buy milk")


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"conf": {"verb": "{data.missing}"}}, "it has no data.missing; write {data.missing?}"),
        ({"dag_id": "x_{data.missing}"}, "it has no data.missing"),
        ({"note": "{data.missing}"}, "it has no data.missing"),
        ({"conf": {"pin": "{data.pin}"}}, "its data.pin is or contains a sensitive field"),
        ({"conf": "data"}, "its data is or contains a sensitive field"),
        ({"dag_id": "x_{data.pin}"}, "sensitive field"),
        ({"conf": "{data.verb}"}, "'publish' for this message; a DAG run needs an object"),
        ({"run_after": "{data.verb}"}, "Invalid isoformat string"),
        ({"run_after": "{data.ids}"}, "expected seconds, or a date and time"),
        ({"partition_key": "{data.empty}"}, "expected 1 to 250 characters"),
        ({"dag_id": "{data.missing?}"}, "has no DAG for this message"),
        ({"dag_id": ["a", "{data.verb}", "publish"]}, "'publish' twice"),
        (
            {"dag_id": "p {data.verb}"},
            "'p publish', which is configured for todo.mark_done, is not",
        ),
        ({"conf": lambda message: ["x"]}, "a DAG run needs an object"),
        ({"conf": lambda message: {"x": float("nan")}}, "is not JSON"),
        ({"conf": lambda message: {"x": object()}}, "is not JSON"),
        ({"conf": reject}, "Not on Sundays"),
    ],
)
def test_a_message_that_does_not_fit_its_route_is_rejected(
    options: dict[str, Any], missing: str
) -> None:
    with pytest.raises(PublishRejected, match=re.escape(missing)):
        plan(options)


def test_a_bulk_message_has_no_object() -> None:
    with pytest.raises(PublishRejected, match=r"it has no object; write {object\?}"):
        plan({"conf": {"todo": "{object}"}}, **bulk(2))


@pytest.mark.parametrize(
    "options",
    [
        {"conf": {"verb": "{verb}"}},
        {"dag_id": "{verb}"},
        {"dag_id": "no_such_module:function"},
        {"conf": 7},
        {"runs": "many"},
        {"runs": "chunks", "chunk_size": 0},
        {"runs": "chunks", "chunk_size": "10"},
        {"dag_id": 7},
        {"dag_id": []},
    ],
)
def test_a_wrong_route_is_to_blame_for_its_messages_only(options: dict[str, Any]) -> None:
    expected = PublishRejected if options in ({"conf": 7}, {"dag_id": []}) else DestinationNotFound

    with pytest.raises(expected) as why:
        plan(options)
    assert "oute" in str(why.value)


@pytest.mark.parametrize("dag_id", ["p odd", ["a", "p odd"]])
def test_a_malformed_dag_of_options_stops_the_lane(dag_id: Any) -> None:
    with pytest.raises(PublisherMisconfigured, match="'p odd'"):
        plan({}, default=dag_id)


def test_a_function_that_fails_is_named_and_retried() -> None:
    with pytest.raises(
        PublishError, match=r"function fail of the route of .* RuntimeError: no data"
    ):
        plan({"conf": fail})


@pytest.mark.parametrize(
    ("run_after", "expected"),
    [
        (90, timedelta(seconds=90)),
        (timedelta(hours=1), timedelta(hours=1)),
        ("{data.count}", timedelta(seconds=3)),
        ("{data.at}", datetime(2026, 3, 4, 3, 6, 7, tzinfo=UTC)),
        ("2026-03-04T03:06:07Z", datetime(2026, 3, 4, 3, 6, 7, tzinfo=UTC)),
        (datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)),
        ("{data.missing?}", None),
    ],
)
def test_a_run_may_begin_later(run_after: Any, expected: Any) -> None:
    message = message_with({"run_after": run_after})
    (run,) = planned_runs(message, "reports", 10_000)

    later = message.occurred_at + expected if isinstance(expected, timedelta) else expected
    assert run.run_after == later


def test_a_long_note_is_cut() -> None:
    (run,) = plan({"note": "x" * 2000})

    assert len(run.note) == 1000


def test_a_partition_is_chosen_by_a_template() -> None:
    (run,) = plan({"partition_key": "{data.count}"})

    assert run.partition_key == "3"


def test_objects_are_divided_into_chunks() -> None:
    message = message_with({"runs": "chunks", "chunk_size": 100}, **bulk(250))
    runs = planned_runs(message, "reports", 1_000_000)

    assert [len(run.conf["object_ids"]) for run in runs] == [100, 100, 50]
    assert [one for run in runs for one in run.conf["object_ids"]] == list(message.object_ids)
    assert [run.run_id for run in runs] == [
        f"{dag_run_id(message)}-{number}" for number in ("0001", "0002", "0003")
    ]
    assert {run.conf["object_id"] for run in runs} == {None}


def test_each_object_has_a_run() -> None:
    message = message_with({"runs": "objects", "conf": {"todo": "{object}"}}, **bulk(3))
    runs = planned_runs(message, "reports", 1_000_000)

    assert [run.conf for run in runs] == [{"todo": "0"}, {"todo": "1"}, {"todo": "2"}]
    assert [run.run_id for run in runs] == [f"{dag_run_id(message)}-{one}" for one in "012"]


@pytest.mark.parametrize("runs", ["one", "chunks", "objects"])
@pytest.mark.parametrize("changes", [{}, bulk(0), bulk(1)], ids=["single", "none", "bulk of one"])
def test_a_message_about_one_object_has_one_run(runs: str, changes: dict[str, Any]) -> None:
    message = message_with({"runs": runs}, **changes)
    (run,) = planned_runs(message, "reports", 1_000_000)

    assert run.run_id == dag_run_id(message)


def test_each_part_has_its_own_results() -> None:
    results = [{"id": number, "done": True} for number in range(4)]
    runs = plan(
        {"runs": "chunks", "chunk_size": 2},
        **bulk(4, result={"meta": {"n": 4}, "results": results}),
    )

    assert [run.conf["result"]["results"] for run in runs] == [results[:2], results[2:]]
    assert runs[0].conf["result"]["meta"] == {"n": 4}


def test_each_part_of_a_partial_action_has_the_outcomes_of_its_objects() -> None:
    outcomes = [{"id": 9, "ok": False}, {"id": 0, "ok": True}, {"id": 1, "ok": True}]
    runs = plan({"runs": "objects"}, **bulk(2, result={"meta": {}, "results": outcomes}))

    assert [run.conf["result"]["results"] for run in runs] == [outcomes[1:2], outcomes[2:]]


def test_several_dags_and_chunks_have_ids_of_their_own() -> None:
    options = {"dag_id": ["a", "team.b"], "runs": "chunks", "chunk_size": 1}
    message = message_with(options, **bulk(2))
    runs = planned_runs(message, "", 1_000_000)

    ids = [run.run_id.removeprefix(dag_run_id(message)) for run in runs]
    assert ids == ["-a-0001", "-team.b-0001", "-a-0002", "-team.b-0002"]


@pytest.mark.parametrize(
    "key", ["7", "a b/c", "ann@example.com", "..", "a..b", "é", "x" * 300, "-1", "", "A-b_c.d"]
)
def test_every_run_id_is_one_that_airflow_accepts(key: str) -> None:
    changes = {"object_id": None, "object_ids": (key, "other")}
    options = {"dag_id": ["d" * 250, "e"], "runs": "objects"}
    for run in plan(options, **changes):
        assert re.fullmatch(r"[A-Za-z0-9_.~:+-]{1,200}", run.run_id)
        assert ".." not in run.run_id
        assert event_id_of(run.run_id)


def test_keys_that_are_alike_have_different_runs() -> None:
    keys = ["a b", "a/b", "a_b", "x" * 300, "x" * 301, "é", "è"]

    assert len({plain_label(key) for key in keys}) == len(keys)


def test_the_runs_of_a_message_are_the_same_at_every_attempt() -> None:
    options = {"dag_id": ["a", "b"], "runs": "objects", "conf": {"o": "{object}"}, "run_after": 5}
    message = message_with(options, **bulk(3))

    assert planned_runs(message, "", 10_000) == planned_runs(message, "", 10_000)


def test_too_many_runs_are_refused_with_a_remedy() -> None:
    with pytest.raises(PublishRejected, match=r"1001 runs; at most 1000 .* larger chunk_size"):
        plan({"runs": "objects"}, **bulk(MAX_RUNS + 1))


def test_the_runs_of_all_dags_count() -> None:
    with pytest.raises(PublishRejected, match="1002 runs"):
        plan({"dag_id": ["a", "b", "c"], "runs": "objects"}, **bulk(334))


UNSTORED = {"data": {}, "unstored": {"data": 2_000_000}}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"conf": "data"},
        {"conf": lambda message: {}},
        {"conf": {"x": "{data.x?}"}},
        {"conf": {}, "dag_id": "x_{data.x?}"},
        {"conf": {}, "dag_id": lambda message: "x"},
    ],
)
def test_what_was_too_large_to_be_stored_is_not_left_out(options: dict[str, Any]) -> None:
    with pytest.raises(PublishRejected, match="2000000 bytes, more than MAX_STORED_BYTES"):
        plan(options, **UNSTORED)


def test_what_the_route_does_not_need_may_be_too_large() -> None:
    (run,) = plan({"conf": {"todo": "{object}"}}, **UNSTORED)

    assert run.conf == {"todo": "7"}


def test_each_payload_has_the_limit() -> None:
    with pytest.raises(PublishRejected, match="max_conf_bytes allows 10000"):
        plan({"conf": {"x": "x" * 10_000}})
