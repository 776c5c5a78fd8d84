"""Rerun, mark, annotate and unpause: what each reads and requests for one run."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from dj_actions.exceptions import InvalidAction, PublishRejected
from dj_actions.states import RemoteState
from dj_actions_airflow.publisher import AirflowPublisher
from dj_actions_airflow.run_operations import requests
from dj_actions_airflow.run_operations.act import (
    Act,
    NotApplicable,
    Plan,
    recorded,
    state_of,
    text_of,
)
from dj_actions_airflow.run_operations.records import Answer
from dj_actions_airflow.run_operations.targets import Run
from dj_actions_airflow.run_operations.verbs import Verb

ACTIVE = frozenset({"queued", "running"})
"""States of a run in Airflow that has not ended."""

MARKS: Mapping[RemoteState, str] = {
    RemoteState.SUCCEEDED: "success",
    RemoteState.FAILED: "failed",
}
"""State that a run can be marked with → its name in Airflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun(Act):
    """Run all tasks of a run again, or those that have failed."""

    verb = Verb.RERUN

    only_failed: bool

    def plan(self, publisher: AirflowPublisher, run: Run) -> Plan:
        """Read the state of the run."""
        state = state_of(publisher, run)
        if not self.only_failed and state in ACTIVE:
            raise NotApplicable(
                f"It is {state}. Airflow reruns a run that has ended: wait for its end, mark it, "
                "or rerun only its failed tasks."
            )
        if self.only_failed and state == "queued":
            raise NotApplicable("It is queued: none of its tasks has failed.")
        what = "its failed tasks" if self.only_failed else "all its tasks"
        return Plan(
            message=f"It is {state}; {what} would run again.",
            details={"only_failed": self.only_failed, "state": state},
        )

    def perform(self, publisher: AirflowPublisher, run: Run, plan: Plan) -> Answer:
        """Clear the tasks."""
        response = requests.clear_run(
            publisher.client(), run.dag_id, run.run_id, only_failed=self.only_failed
        )
        state = text_of(response, "state")
        if state not in ACTIVE:
            raise PublishRejected(
                f"Airflow has cleared nothing: {run.label} has no "
                f"{'failed ' if self.only_failed else ''}task to run again; it is {state}."
            )
        return Answer(
            message=f"It was {plan.details['state']}, and is {state} again.",
            response=recorded(response),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Act):
    """Mark a run as succeeded or failed, whatever its tasks have done."""

    verb = Verb.MARK

    state: RemoteState

    def __post_init__(self) -> None:
        if self.state not in MARKS:
            known = " or ".join(map(repr, map(str, MARKS)))
            raise InvalidAction(f"A run can be marked as {known}, not as {str(self.state)!r}.")

    def plan(self, publisher: AirflowPublisher, run: Run) -> Plan:
        """Read the state of the run."""
        state = state_of(publisher, run)
        if state == MARKS[self.state]:
            raise NotApplicable(f"It is {state} already.")
        return Plan(
            message=f"It is {state}, and would be marked as {self.state}.",
            details={"mark": str(self.state), "state": state},
        )

    def perform(self, publisher: AirflowPublisher, run: Run, plan: Plan) -> Answer:
        """Change the state."""
        response = requests.patch_run(
            publisher.client(), run.dag_id, run.run_id, state=MARKS[self.state]
        )
        return Answer(
            message=f"It was {plan.details['state']}, and is {text_of(response, 'state')} now.",
            response=recorded(response),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Act):
    """Replace the note of a run."""

    verb = Verb.NOTE

    text: str

    def __post_init__(self) -> None:
        if not 0 < len(self.text.strip()) <= requests.MAX_NOTE_LENGTH:
            raise InvalidAction(
                f"The note has {len(self.text.strip())} characters; Airflow keeps 1 to "
                f"{requests.MAX_NOTE_LENGTH}."
            )

    def plan(self, publisher: AirflowPublisher, run: Run) -> Plan:
        """Read the note that is there."""
        response = requests.get_run(publisher.client(), run.dag_id, run.run_id)
        earlier = text_of(response, "note", length=requests.MAX_NOTE_LENGTH)
        if earlier == self.text:
            raise NotApplicable("It has this note already.")
        return Plan(
            message="Its note would be replaced." if earlier else "It has no note yet.",
            details={"note": self.text, "earlier_note": earlier},
        )

    def perform(self, publisher: AirflowPublisher, run: Run, plan: Plan) -> Answer:  # noqa: ARG002
        """Write the note."""
        response = requests.patch_run(publisher.client(), run.dag_id, run.run_id, note=self.text)
        return Answer(message="Its note was written.", response=recorded(response))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpause(Act):
    """Unpause the DAG of a run."""

    verb = Verb.UNPAUSE

    def plan(self, publisher: AirflowPublisher, run: Run) -> Plan:
        """Read whether it is paused."""
        dag = requests.get_dag(publisher.client(), run.dag_id)
        if dag.get("is_paused") is False:
            raise NotApplicable(f"DAG {run.dag_id!r} is not paused.")
        return Plan(message=f"DAG {run.dag_id!r} is paused, and would be unpaused.")

    def perform(self, publisher: AirflowPublisher, run: Run, plan: Plan) -> Answer:  # noqa: ARG002
        """Unpause it."""
        response = requests.unpause_dag(publisher.client(), run.dag_id)
        if response.get("is_paused") is not False:
            raise PublishRejected(f"Airflow has left DAG {run.dag_id!r} paused.")
        return Answer(message=f"DAG {run.dag_id!r} was unpaused.", response=recorded(response))

    def subject(self, run: Run) -> Hashable:
        """Return the DAG: it is unpaused once for all of its runs."""
        return (run.publisher, run.dag_id)
