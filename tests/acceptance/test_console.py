"""Six questions of somebody on call, answered by the console alone, on the project's real parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from example.launch.process import wait_until
from tests.acceptance.incident import (
    HANDED_OVER,
    LOST,
    SECONDS,
    SLOWNESS,
    TODO,
    Incident,
    open_incident,
)
from tests.acceptance.newcomer import Newcomer
from tests.fixtures.chromium import open_chromium, requires_chromium

pytestmark = [
    requires_chromium,
    pytest.mark.postgres,
    pytest.mark.airflow,
    pytest.mark.slow,
]

MAX_CLICKS = 3
MAX_SECONDS = 60.0


@pytest.fixture(scope="module")
def incident() -> Iterator[Incident]:
    """The project after an evening on which much went wrong."""
    with open_incident(lambda _text: None) as incident:
        yield incident


@pytest.fixture(scope="module")
def newcomer(incident: Incident) -> Iterator[Newcomer]:
    """Somebody who is on call for the first time."""
    with open_chromium(javascript=True) as driver:
        yield Newcomer(driver, incident.stack)


def test_six_questions_are_answered_in_a_few_clicks_each(
    newcomer: Newcomer, incident: Incident, capsys: pytest.CaptureFixture[str]
) -> None:
    """One test: the replay is a part of what happened to the todo."""
    find_the_killed_relay(newcomer, incident)
    find_why_a_delivery_died(newcomer, incident)
    find_the_slow_publisher(newcomer)
    find_the_failed_task(newcomer)
    replay_what_died(newcomer, incident)
    find_what_happened_to_a_todo(newcomer, incident)

    with capsys.disabled():
        print(f"\n{newcomer.table()}")  # noqa: T201 - what this test is for
    for search in newcomer.searches:
        assert len(search.clicks) <= MAX_CLICKS, search
        assert search.scrolls == 0, search
        assert search.seconds < MAX_SECONDS, search


def find_the_killed_relay(newcomer: Newcomer, incident: Incident) -> None:
    """It has been dead for less than 15 seconds: the page becomes red while it is open."""
    with newcomer.asks("Was a relay killed?"):
        newcomer.click("✗ 1 dead")
        assert "✗ dead" in newcomer.row_of(f":{incident.killed_relay}")


def find_why_a_delivery_died(newcomer: Newcomer, incident: Incident) -> None:
    with newcomer.asks(f"Why did delivery {incident.dead[0]} die?"):
        newcomer.click("Dead letters", within="//nav")
        newcomer.click(f"{len(LOST)} deliveries")
        row = newcomer.row_of(f"{incident.dead[0]} pipelines")
        assert "Connection refused" in row


def find_the_slow_publisher(newcomer: Newcomer) -> None:
    with newcomer.asks("Which publisher is slow?"):
        feeds, pipelines = (
            seconds_of(newcomer.cell_of(alias, "Sent, median")) for alias in ("feeds", "pipelines")
        )
        assert feeds >= SLOWNESS
        assert feeds > pipelines


def find_the_failed_task(newcomer: Newcomer) -> None:
    with newcomer.asks(f"Which task of the DAG failed that todo {HANDED_OVER} set off?"):
        newcomer.click("Runs", within="//nav")
        row = newcomer.row_of(f"todo {HANDED_OVER}")
        assert "✗ failed" in row
        assert "remind" in row


def replay_what_died(newcomer: Newcomer, incident: Incident) -> None:
    with newcomer.asks("Replay all that died in the outage."):
        newcomer.click("Dead letters", within="//nav")
        newcomer.click("Replay …", within="//*[@class='cause']")
        newcomer.reads("will be changed", f"{len(LOST)} deliveries")
        newcomer.write("Airflow is back")
        newcomer.click("Replay")
        newcomer.reads(f"{len(LOST)} delivered")
    replayed = [
        row
        for event in incident.events()
        for row in event["deliveries"]
        if row["id"] in incident.dead
    ]
    assert {row["state"] for row in replayed} == {"delivered"}


def find_what_happened_to_a_todo(newcomer: Newcomer, incident: Incident) -> None:
    wait_until(lambda: has_run(incident, TODO), timeout=SECONDS, what="The run of the replay")
    with newcomer.asks(f"What happened to todo {TODO}?"):
        newcomer.click("Actions", within="//nav")
        newcomer.click(f"todo {TODO}")
        newcomer.reads("bob ran todo.mark_done", "status 403")  # refused
        newcomer.reads("ann ran todo.mark_done", "ann finished", "Attempt 1 was confirmed")
        newcomer.reads("Attempt 1 failed: unavailable", "Connection refused")
        newcomer.reads("admin ran delivery.replay", "Airflow is back", ": succeeded")


def has_run(incident: Incident, todo: int) -> bool:
    """Return whether a DAG run that an action on a todo has started has succeeded."""
    return any(
        row["remote_state"] == "succeeded"
        for event in incident.events()
        for row in event["deliveries"]
        if event["object_ids"] == [str(todo)]
    )


def seconds_of(duration: str) -> float:
    """Return the seconds of a duration as the console shows it: `28 ms` or `3.0 s`."""
    number, unit = duration.split()
    return float(number) / (1000 if unit == "ms" else 1)
