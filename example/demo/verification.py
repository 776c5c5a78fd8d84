"""Compare the expected results with those at the destinations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from example.demo.destinations import Feeds, Runs
from example.demo.scenario import PIPELINES, Event, Expected, Findings, Scenario

FAILED_FROM = 400
"""The first status code of a failure: https://www.rfc-editor.org/rfc/rfc9110#section-15."""

RESOURCE = "todo"

DAGS_WITH_REPORTS = frozenset({"todo_completed", "todos_completed"})


def verify(scenario: Scenario, events: Sequence[Event], feeds: Feeds, runs: Runs) -> None:
    """Add a finding for each expectation: recorded, in the feeds and run by Airflow, once each."""
    scenario.expect_calls_of_dags(events)
    expected, findings = scenario.committed, scenario.findings
    # The creation of the machine's token is recorded, too.
    events = [event for event in events if event["resource"] == RESOURCE]
    succeeded = [event["id"] for event in events if event["status_code"] < FAILED_FROM]
    failed = [event["status_code"] for event in events if event["status_code"] >= FAILED_FROM]
    findings.expect("Recorded events", [entry.event for entry in expected], succeeded)
    findings.expect("Recorded failures", scenario.failed_statuses, failed)
    _verify_feeds(expected, feeds, findings)
    _verify_runs(expected, runs, findings)
    by_id = {event["id"]: event for event in events}
    for entry in expected:
        if entry.event in by_id:
            _verify_deliveries(entry, by_id[entry.event], findings)


def is_settled(expected: Sequence[Expected], events: Sequence[Event]) -> bool:
    """Return whether every delivery and every DAG run has ended, successfully or not."""
    deliveries = [delivery for event in events for delivery in event["deliveries"]]
    expected_count = sum(len(entry.publishers) for entry in expected)
    open_states = ("pending", "sending")
    return len(deliveries) >= expected_count and not any(
        delivery["state"] in open_states or delivery["remote_state"] == "running"
        for delivery in deliveries
    )


def _verify_feeds(expected: Sequence[Expected], feeds: Feeds, findings: Findings) -> None:
    for feed in sorted({feed for entry in expected for feed in entry.feeds}):
        wanted = Counter(f"djactions:{entry.event}" for entry in expected if feed in entry.feeds)
        found = Counter(activity["foreign_id"] for activity in feeds.activities(feed))
        findings.expect(
            f"Feed {feed} shows each event once", sorted(wanted.items()), sorted(found.items())
        )


def _verify_runs(expected: Sequence[Expected], runs: Runs, findings: Findings) -> None:
    for dag_id in sorted({entry.dag_id for entry in expected if entry.dag_id}):
        of_dag = [entry for entry in expected if entry.dag_id == dag_id]
        wanted = {f"djactions-{entry.event}": "success" for entry in of_dag}
        findings.expect(f"Runs of {dag_id}", wanted, runs.of(dag_id))
        for entry in of_dag:
            if dag_id in DAGS_WITH_REPORTS:
                _verify_output(entry, dag_id, runs, findings)


def _verify_output(entry: Expected, dag_id: str, runs: Runs, findings: Findings) -> None:
    run_id = f"djactions-{entry.event}"
    output = runs.output(dag_id, run_id) or {}
    findings.expect(
        f"Objects in the output of {dag_id}", list(entry.object_ids), output.get("object_ids")
    )
    findings.expect(f"Report file of {dag_id} equals its output", output, runs.report(run_id))


def _verify_deliveries(entry: Expected, event: Event, findings: Findings) -> None:
    """Compare our own records of an event with the expected results."""
    states = {delivery["publisher"]: delivery["state"] for delivery in event["deliveries"]}
    findings.expect(
        f"Deliveries of {entry.action}", dict.fromkeys(entry.publishers, "delivered"), states
    )
    ends = {
        delivery["remote_state"]
        for delivery in event["deliveries"]
        if delivery["publisher"] == PIPELINES
    }
    findings.expect(
        f"Remote state of {entry.action}", {"succeeded"} if entry.dag_id else set(), ends
    )
