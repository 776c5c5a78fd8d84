"""Who takes part, and what each of them must have left in the database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to write the same endpoint."""

    name: str
    """Its prefix in URLs, and the name of the user who owns its todos."""

    title: str
    """What it is, for people."""

    action_path: str = "mark_done"
    """What follows the todo's id in the URL."""

    def path(self, todo_id: int) -> str:
        """Return the URL that marks this todo as done."""
        return f"/{self.name}/todos/{todo_id}/{self.action_path}/"


PLAIN = Contender(name="plain", title="plain: @action, autocommit")
CAREFUL = Contender(name="careful", title="careful: atomic + select_for_update")
BY_HAND = Contender(name="by_hand", title="by hand: careful + 3 rows by SQL")
DJ_ACTIONS = Contender(
    name="dj_actions",
    title="DJ Actions: recorded, 2 deliveries",
    action_path="actions/mark_done",
)
PROCRASTINATE = Contender(name="procrastinate", title="procrastinate: atomic + 2 jobs")

CONTENDERS = (PLAIN, CAREFUL, BY_HAND, DJ_ACTIONS, PROCRASTINATE)
