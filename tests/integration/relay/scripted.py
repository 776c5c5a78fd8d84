"""A publisher that behaves as a test has scripted it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dj_actions.messages import Message, Receipt, RemoteRun
from dj_actions.publishers import BasePublisher
from dj_actions.states import RemoteState

Behavior = Callable[[Message], Any]


def accept(message: Message) -> Receipt:
    """Return a receipt, as a healthy destination does."""
    return Receipt(id=f"receipt-{message.id}", url="https://example.org/1", scope="here")


class Script:
    """How the publishers of this process behave, and the messages that they received."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Accept every message again, and forget the earlier ones."""
        self.behave: Behavior = accept
        self.seen: list[Message] = []
        self.runs: dict[str, RemoteRun] = {}
        self.questions: list[list[str]] = []
        self.tracked: list[Receipt] = []


script = Script()


class ScriptedPublisher(BasePublisher):
    """Behaves as `script` defines."""

    supports_tracking = True

    def publish(self, message: Message) -> Receipt:
        """Record the message, then behave."""
        script.seen.append(message)
        receipt: Receipt = script.behave(message)
        return receipt

    def track(self, receipts: Sequence[Receipt]) -> Sequence[RemoteRun]:
        """Answer from the script."""
        script.tracked += receipts
        ids = [receipt.id for receipt in receipts]
        script.questions.append(ids)
        return [script.runs.get(entry, RemoteRun(state=RemoteState.LOST)) for entry in ids]


class SilentPublisher(ScriptedPublisher):
    """Forgets to yield an outcome for the last message."""

    def publish_many(self, messages: Sequence[Message]) -> Any:
        """Yield one outcome too few."""
        return super().publish_many(messages[:-1])


class BrokenPublisher(ScriptedPublisher):
    """Cannot even begin."""

    def publish_many(self, messages: Sequence[Message]) -> Any:
        """Raise instead of yielding."""
        raise RuntimeError(f"no {len(messages)} messages today")
