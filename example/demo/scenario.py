"""The scenario of the demo, and its expected results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from example.demo.client import EVENT_HEADER, REPLAYED_HEADER, TodoClient
from example.launch.stack import MACHINE

FEEDS = "feeds"
PIPELINES = "pipelines"

Event = dict[str, Any]
"""An event as the API returns it."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The expected results of an action that committed, each exactly once."""

    event: str
    action: str
    object_ids: tuple[str, ...]
    feeds: tuple[str, ...]
    """Feeds that must show the event."""

    dag_id: str | None
    """The DAG that must run for the event."""

    calls: str | None = None
    """The action that the DAG must call on the same object."""

    @property
    def publishers(self) -> set[str]:
        """The publishers that must deliver the event."""
        return {FEEDS, PIPELINES} if self.dag_id else {FEEDS}


@dataclass(kw_only=True)
class Findings:
    """The expectations that were met and those that were not."""

    met: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def expect(self, label: str, expected: object, found: object) -> None:
        """Compare two values and add a line about the result."""
        if expected == found:
            self.met.append(f"{label}: {found}")
        else:
            self.missed.append(f"{label}: expected {expected}, found {found}")


class Scenario:
    """Actions of Ann and Bob on their todos, over HTTP."""

    def __init__(self, ann: TodoClient, bob: TodoClient, ids: Mapping[str, str]) -> None:
        self._ann = ann
        self._bob = bob
        self._ids = ids
        self.findings = Findings()
        self.committed: list[Expected] = []
        self.failed_statuses: list[int] = []

    def run(self) -> None:
        """Run every action and check the responses."""
        self.finish_one()
        self.finish_many()
        self.hand_over()
        self.send_invalid_input()
        self.act_without_permission()
        self.fail_after_writing()

    def finish_one(self) -> None:
        """Run an instance action, and repeat the request, as after a lost response."""
        todo = self._ann.create("Buy milk")
        data, headers = {"note": "two bottles"}, {"Idempotency-Key": "milk-1"}
        response = self._ann.act(todo, "mark_done", data, headers)
        self._expect_commit(response, "mark_done", [todo], dag_id="todo_completed")
        again = self._ann.act(todo, "mark_done", data, headers)
        self.findings.expect(
            "Repeated request, event", response.headers[EVENT_HEADER], again.headers[EVENT_HEADER]
        )
        self.findings.expect(
            "Repeated request, replayed", "true", again.headers.get(REPLAYED_HEADER)
        )

    def finish_many(self) -> None:
        """Run a bulk action."""
        todos = [self._ann.create(title) for title in ("Water plants", "Call Eve", "Pay rent")]
        response = self._ann.act_on_many("bulk_mark_done", {"ids": todos, "note": "all at once"})
        self._expect_commit(response, "bulk_mark_done", todos, dag_id="todos_completed")

    def hand_over(self) -> None:
        """Run an instance action for Bob's feed too, whose DAG calls an action back."""
        for title in ("Fix bike", "Cook soup"):
            self._bob.create(title)
        todo = self._ann.create("Clean desk")
        response = self._ann.act(todo, "hand_over", {"to": "bob"})
        self._expect_commit(
            response,
            "hand_over",
            [todo],
            dag_id="todo_handed_over",
            calls="remind",
            recipients=["bob"],
        )

    def send_invalid_input(self) -> None:
        """Send input of a wrong type."""
        todo = self._ann.create("Read book")
        response = self._ann.act(todo, "mark_done", {"note": ["not", "a", "string"]})
        self._expect_failure(response, "Invalid input", 400)
        self.findings.expect("Invalid input, todo done", False, self._ann.todo(todo)["done"])

    def act_without_permission(self) -> None:
        """Run an action on another user's todo."""
        todo = self._ann.create("Write letter")
        response = self._bob.act(todo, "mark_done", {})
        self._expect_failure(response, "No permission", 403)
        self.findings.expect("No permission, todo done", False, self._ann.todo(todo)["done"])

    def fail_after_writing(self) -> None:
        """Run an action that raises after a write: Bob already has three open todos."""
        todo = self._ann.create("Sort cables")
        response = self._ann.act(todo, "hand_over", {"to": "bob"})
        self._expect_failure(response, "Raised after a write", 409)
        self.findings.expect("Rolled back, owner", "ann", self._ann.todo(todo)["owner"])

    def expect_calls_of_dags(self, events: Sequence[Event]) -> None:
        """Find the events of the actions that DAGs have called, and expect the same of them."""
        for entry in [entry for entry in self.committed if entry.calls]:
            found = [
                event
                for event in events
                if (event["action"], tuple(event["object_ids"])) == (entry.calls, entry.object_ids)
            ]
            label = f"{entry.dag_id} has called {entry.calls}"
            self.findings.expect(f"{label}, as", [MACHINE], [_actor(event) for event in found])
            parents = [event["parent"] for event in found]
            self.findings.expect(f"{label}, because of", [entry.event], parents)
            self.committed += [self._called(entry, event) for event in found]

    def _called(self, entry: Expected, event: Event) -> Expected:
        users = (MACHINE, "bob")
        return Expected(
            event=event["id"],
            action=event["action"],
            object_ids=entry.object_ids,
            feeds=tuple(f"user:{self._ids[user]}" for user in users),
            dag_id=None,
        )

    def _expect_commit(
        self,
        response: requests.Response,
        action: str,
        todos: list[int],
        *,
        dag_id: str | None = None,
        calls: str | None = None,
        recipients: list[str] | None = None,
    ) -> None:
        self.findings.expect(f"{action} status", 200, response.status_code)
        users = ["ann", *(recipients or [])]
        self.committed.append(
            Expected(
                event=response.headers.get(EVENT_HEADER, ""),
                action=action,
                object_ids=tuple(map(str, todos)),
                feeds=tuple(f"user:{self._ids[user]}" for user in users),
                dag_id=dag_id,
                calls=calls,
            )
        )

    def _expect_failure(self, response: requests.Response, label: str, status: int) -> None:
        self.findings.expect(f"{label}, status", status, response.status_code)
        self.findings.expect(f"{label}, event", None, response.headers.get(EVENT_HEADER))
        self.failed_statuses.append(status)


def _actor(event: Event) -> str | None:
    return event["actor"]["label"] if event["actor"] else None
