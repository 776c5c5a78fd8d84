"""Compare what was expected with what the destinations hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from example.demo.destinations import Feeds, Runs
from example.demo.scenario import PIPELINES, Event, Expected, Findings, Scenario

FAILED_FROM = 400
"""Status codes from here on are failures: https://www.rfc-editor.org/rfc/rfc9110#section-15."""


def judge(scenario: Scenario, events: Sequence[Event], feeds: Feeds, runs: Runs) -> None:
    """Add a finding for each promise: recorded, in the feeds, run by Airflow, and nothing else."""
    expected, findings = scenario.committed, scenario.findings
    succeeded = [event["id"] for event in events if event["status_code"] < FAILED_FROM]
    refused = [event["status_code"] for event in events if event["status_code"] >= FAILED_FROM]
    findings.expect("Recorded events", [entry.event for entry in expected], succeeded)
    findings.expect("Recorded refusals", scenario.refusals, refused)
    _judge_feeds(expected, feeds, findings)
    _judge_runs(expected, runs, findings)
    by_id = {event["id"]: event for event in events}
    for entry in expected:
        if entry.event in by_id:
            _judge_own_account(entry, by_id[entry.event], findings)


def is_settled(expected: Sequence[Expected], events: Sequence[Event]) -> bool:
    """Tell whether every delivery and every DAG run has come to its end, good or bad."""
    deliveries = [delivery for event in events for delivery in event["deliveries"]]
    wanted = sum(len(entry.publishers) for entry in expected)
    open_states = ("pending", "sending")
    return len(deliveries) >= wanted and not any(
        delivery["state"] in open_states or delivery["remote_state"] == "running"
        for delivery in deliveries
    )


def _judge_feeds(expected: Sequence[Expected], feeds: Feeds, findings: Findings) -> None:
    for feed in sorted({feed for entry in expected for feed in entry.feeds}):
        wanted = Counter(f"djactions:{entry.event}" for entry in expected if feed in entry.feeds)
        found = Counter(activity["foreign_id"] for activity in feeds.activities(feed))
        findings.expect(
            f"Feed {feed} shows each once", sorted(wanted.items()), sorted(found.items())
        )


def _judge_runs(expected: Sequence[Expected], runs: Runs, findings: Findings) -> None:
    for dag_id in sorted({entry.dag_id for entry in expected if entry.dag_id}):
        of_dag = [entry for entry in expected if entry.dag_id == dag_id]
        wanted = {f"djactions-{entry.event}": "success" for entry in of_dag}
        findings.expect(f"Runs of {dag_id}", wanted, runs.of(dag_id))
        for entry in of_dag:
            _judge_output(entry, dag_id, runs, findings)


def _judge_output(entry: Expected, dag_id: str, runs: Runs, findings: Findings) -> None:
    run_id = f"djactions-{entry.event}"
    output = runs.output(dag_id, run_id) or {}
    findings.expect(
        f"Objects in the output of {dag_id}", list(entry.object_ids), output.get("object_ids")
    )
    findings.expect(f"Report file of {dag_id} equals its output", output, runs.report(run_id))


def _judge_own_account(entry: Expected, event: Event, findings: Findings) -> None:
    """Hold our own records against what the destinations have just told."""
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
        f"Tracked end of {entry.action}", {"succeeded"} if entry.dag_id else set(), ends
    )
