"""The candidates: implementations of the same endpoint."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An implementation of the endpoint."""

    name: str
    """URL prefix, and name of the user who owns the todos."""

    title: str
    """Title in the report."""

    action_path: str = "mark_done"
    """Path after the todo's id in the URL."""

    bulk_path: str = "bulk_mark_done"
    """Path after that of all todos in the URL, for many of them."""

    def path_for_many(self) -> str:
        """Return the URL that marks many todos as done."""
        return f"/{self.name}/todos/{self.bulk_path}/"

    def path(self, todo_id: int) -> str:
        """Return the URL that marks the todo as done."""
        return f"/{self.name}/todos/{todo_id}/{self.action_path}/"


PLAIN = Candidate(name="plain", title="plain: @action, autocommit")
CAREFUL = Candidate(name="careful", title="careful: atomic + select_for_update")
BY_HAND = Candidate(name="by_hand", title="by hand: careful + 3 rows by SQL")
DJ_ACTIONS = Candidate(
    name="dj_actions",
    title="DJ Actions: recorded, 2 deliveries",
    action_path="actions/mark_done",
    bulk_path="actions/bulk_mark_done",
)
PROCRASTINATE = Candidate(name="procrastinate", title="procrastinate: atomic + 2 jobs")

CANDIDATES = (PLAIN, CAREFUL, BY_HAND, DJ_ACTIONS, PROCRASTINATE)
BULK_CANDIDATES = (CAREFUL, DJ_ACTIONS)
