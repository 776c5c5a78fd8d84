"""When a task can go on, and when it never will."""

from __future__ import annotations

from typing import Any

import pytest

from dj_actions_airflow_provider.waiting import Condition, Until, Verdict, until_of

WAITING, DONE = Verdict(), Verdict(done=True)


def delivery(publisher: str = "pipelines", **changes: Any) -> dict[str, Any]:
    """Return a delivery as the events API shows it."""
    own = {"publisher": publisher, "state": "delivered", "remote_state": "untracked"}
    return {**own, "remote_detail": "", "receipt_url": "", "errors": [], **changes}


def event(*deliveries: dict[str, Any], created_at: str = "2026-11-27T05:00:00Z") -> dict[str, Any]:
    """Return an event as the events API shows it."""
    return {"id": "1", "created_at": created_at, "deliveries": list(deliveries)}


def test_nothing_is_there_yet() -> None:
    assert Condition().verdict_on(None) == WAITING


@pytest.mark.parametrize(
    ("until", "changes", "expected"),
    [
        ("recorded", {"state": "pending"}, DONE),
        ("delivered", {"state": "pending"}, WAITING),
        ("delivered", {"state": "sending"}, WAITING),
        ("delivered", {}, DONE),
        ("delivered", {"remote_state": "running"}, DONE),
        ("delivered", {"remote_state": "failed"}, DONE),
        ("succeeded", {"state": "pending"}, WAITING),
        ("succeeded", {}, DONE),
        ("succeeded", {"remote_state": "running"}, WAITING),
        ("succeeded", {"remote_state": "succeeded"}, DONE),
    ],
)
def test_how_far_an_event_has_come(until: str, changes: dict[str, Any], expected: Verdict) -> None:
    assert Condition(until=Until(until)).verdict_on(event(delivery(**changes))) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"state": "dead", "errors": [{"message": "first"}, {"message": "Is it up?"}]},
            "The delivery to 'pipelines' is dead. Is it up?",
        ),
        ({"state": "cancelled"}, "The delivery to 'pipelines' is cancelled."),
        (
            {"remote_state": "failed", "remote_detail": "failed", "receipt_url": "https://x/1"},
            "The run at 'pipelines' is failed (failed). https://x/1",
        ),
        (
            {
                "remote_state": "failed",
                "remote_detail": "failed",
                "remote_failure": {"task": "act", "exception": "KeyError: 'x'"},
            },
            "The run at 'pipelines' is failed (failed). Its task 'act' has raised KeyError: 'x'",
        ),
        (
            {"remote_state": "lost", "remote_failure": None},
            "The run at 'pipelines' is lost (lost).",
        ),
    ],
)
def test_what_cannot_come_about_any_more(changes: dict[str, Any], expected: str) -> None:
    verdict = Condition(until=Until.SUCCEEDED).verdict_on(event(delivery(**changes)))

    assert verdict == Verdict(failure=expected)


def test_all_deliveries_matter_unless_one_publisher_is_named() -> None:
    both = event(delivery("feeds", state="pending"), delivery("pipelines"))

    assert Condition(until=Until.DELIVERED).verdict_on(both) == WAITING
    assert Condition(until=Until.DELIVERED, publisher="pipelines").verdict_on(both) == DONE


def test_an_event_without_deliveries_has_none_to_wait_for() -> None:
    assert Condition(until=Until.SUCCEEDED).verdict_on(event()) == DONE


@pytest.mark.parametrize(("aliases", "known"), [(["feeds", "x"], "feeds, x"), ([], "no publisher")])
def test_a_publisher_without_a_delivery_is_named(aliases: list[str], known: str) -> None:
    condition = Condition(until=Until.DELIVERED, publisher="pipelines")
    verdict = condition.verdict_on(event(*map(delivery, aliases)))

    assert verdict.failure == f"It is not delivered to 'pipelines', but to {known}."


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2026-11-27T04:59:59+00:00", DONE),
        ("2026-11-27T05:00:00Z", DONE),
        ("2026-11-27T05:00:01", WAITING),
        ("2026-11-27T06:00:01+02:00", DONE),
    ],
)
def test_older_events_do_not_count(since: str, expected: Verdict) -> None:
    assert Condition(since=since).verdict_on(event()) == expected


def test_an_unknown_end_is_refused() -> None:
    with pytest.raises(ValueError, match="'done' is none of 'recorded', 'delivered', 'succeeded'"):
        until_of("done")
