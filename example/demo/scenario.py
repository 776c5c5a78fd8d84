"""What the demonstration does, and what has to come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from example.demo.client import EVENT_HEADER, REPLAYED_HEADER, TodoClient

FEEDS = "feeds"
PIPELINES = "pipelines"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One action that committed, and all that has to come of it, once each."""

    event: str
    action: str
    object_ids: tuple[str, ...]
    feeds: tuple[str, ...]
    """Feeds that have to show it."""

    dag_id: str | None
    """The DAG that has to have run for it."""

    @property
    def publishers(self) -> set[str]:
        """The publishers that have to have it."""
        return {FEEDS, PIPELINES} if self.dag_id else {FEEDS}


@dataclass(kw_only=True)
class Findings:
    """Expectations that were met, and those that were not."""

    met: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def expect(self, what: str, wanted: object, found: object) -> None:
        """Compare, and keep a line about it for people."""
        if wanted == found:
            self.met.append(f"{what}: {found}")
        else:
            self.missed.append(f"{what}: expected {wanted}, found {found}")


class Scenario:
    """Ann and Bob work on their todos over HTTP."""

    def __init__(self, ann: TodoClient, bob: TodoClient, ids: Mapping[str, str]) -> None:
        self._ann = ann
        self._bob = bob
        self._ids = ids
        self.findings = Findings()
        self.committed: list[Expected] = []
        self.refusals: list[int] = []

    def play(self) -> None:
        """Run every action and compare the answers."""
        self.finish_one()
        self.finish_many()
        self.hand_over()
        self.send_nonsense()
        self.touch_what_is_not_yours()
        self.fail_after_writing()

    def finish_one(self) -> None:
        """Do an instance action, and send the same request again, as after a lost answer."""
        todo = self._ann.create("Buy milk")
        data, headers = {"note": "two bottles"}, {"Idempotency-Key": "milk-1"}
        answer = self._ann.act(todo, "mark_done", data, headers)
        self._expect_commit(answer, "mark_done", [todo], dag_id="todo_completed")
        again = self._ann.act(todo, "mark_done", data, headers)
        self.findings.expect(
            "Sent twice, answered by", answer.headers[EVENT_HEADER], again.headers[EVENT_HEADER]
        )
        self.findings.expect("Sent twice, replayed", "true", again.headers.get(REPLAYED_HEADER))

    def finish_many(self) -> None:
        """Do a bulk action."""
        todos = [self._ann.create(title) for title in ("Water plants", "Call Eve", "Pay rent")]
        answer = self._ann.act_on_many("bulk_mark_done", {"ids": todos, "note": "all at once"})
        self._expect_commit(answer, "bulk_mark_done", todos, dag_id="todos_completed")

    def hand_over(self) -> None:
        """Do an instance action that only goes to feeds, one of them Bob's."""
        for title in ("Fix bike", "Cook soup"):
            self._bob.create(title)
        todo = self._ann.create("Clean desk")
        answer = self._ann.act(todo, "hand_over", {"to": "bob"})
        self._expect_commit(answer, "hand_over", [todo], recipients=["bob"])

    def send_nonsense(self) -> None:
        """Send input of a wrong type."""
        todo = self._ann.create("Read book")
        answer = self._ann.act(todo, "mark_done", {"note": ["not", "a", "text"]})
        self._expect_refusal(answer, "Bad input", 400)
        self.findings.expect("Bad input left the todo", False, self._ann.todo(todo)["done"])

    def touch_what_is_not_yours(self) -> None:
        """Act on another one's todo."""
        todo = self._ann.create("Write letter")
        answer = self._bob.act(todo, "mark_done", {})
        self._expect_refusal(answer, "No permission", 403)
        self.findings.expect("No permission left the todo", False, self._ann.todo(todo)["done"])

    def fail_after_writing(self) -> None:
        """Run an action that raises after it has written: Bob has three open todos by now."""
        todo = self._ann.create("Sort cables")
        answer = self._ann.act(todo, "hand_over", {"to": "bob"})
        self._expect_refusal(answer, "Raised after writing", 409)
        self.findings.expect("Rolled back: the owner is", "ann", self._ann.todo(todo)["owner"])

    def _expect_commit(
        self,
        answer: requests.Response,
        action: str,
        todos: list[int],
        *,
        dag_id: str | None = None,
        recipients: list[str] | None = None,
    ) -> None:
        self.findings.expect(f"{action} answered", 200, answer.status_code)
        users = ["ann", *(recipients or [])]
        self.committed.append(
            Expected(
                event=answer.headers.get(EVENT_HEADER, ""),
                action=action,
                object_ids=tuple(map(str, todos)),
                feeds=tuple(f"user:{self._ids[user]}" for user in users),
                dag_id=dag_id,
            )
        )

    def _expect_refusal(self, answer: requests.Response, what: str, status: int) -> None:
        self.findings.expect(f"{what} answered", status, answer.status_code)
        self.findings.expect(f"{what} committed an event", None, answer.headers.get(EVENT_HEADER))
        self.refusals.append(status)


Event = dict[str, Any]
"""An event as the read API gives it."""
