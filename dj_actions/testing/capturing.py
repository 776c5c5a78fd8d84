"""Capture messages instead of publishing them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from dj_actions.messages import Message, Receipt
from dj_actions.models import Delivery
from dj_actions.publishers import BasePublisher, publishers
from dj_actions.testing.draining import configured, drain_rows


class Captured:
    """The captured messages, each once, in the order in which they would have been published."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, object], Message] = {}

    @property
    def messages(self) -> list[Message]:
        """All messages; a message for two publishers is contained twice."""
        return list(self._kept.values())

    def of(self, alias: str) -> list[Message]:
        """Return the messages of one publisher.

        Raises:
            InvalidSetting: the publisher is not configured, and has no messages.
        """
        found = [message for (owner, _), message in self._kept.items() if owner == alias]
        if not found:
            configured([alias])
        return found

    def keep(self, alias: str, message: Message) -> None:
        """Add a message, unless the publisher already has it."""
        self._kept.setdefault((alias, message.id), message)


class RecordingPublisher(BasePublisher):
    """A test double that accepts all messages and publishes none.

    Args:
        captured: receives the messages.
    """

    def __init__(self, *, alias: str, captured: Captured) -> None:
        super().__init__(alias=alias)
        self._captured = captured

    def publish(self, message: Message) -> Receipt:
        """Keep the message."""
        self._captured.keep(self.alias, message)
        return Receipt(id=str(message.id))


@contextmanager
def captured(*aliases: str) -> Iterator[Captured]:
    """Capture the messages of the block instead of publishing them.

    Inside the block, recording publishers replace the configured ones, in all threads and even
    if the settings are overridden; routes and retry rules still apply. When the block ends, its
    deliveries are delivered to them; deliveries that were due before it began are left unchanged.
    If it ends with an exception, nothing is delivered.

    Args:
        aliases: the publishers to replace; all of them by default.

    Raises:
        InvalidSetting: an alias is not configured.
    """
    due_before = [
        pk
        for alias in configured(aliases)
        for pk in Delivery.objects.due(alias).values_list("pk", flat=True)
    ]
    kept = Captured()
    try:
        # Patch the handler's factory and not the setting: a setting that is overridden inside the
        # block would bring publishers that publish.
        with patch.object(publishers, "create_connection", _recorders(kept, aliases)):
            publishers.reset()
            yield kept
            drain_rows(Delivery.objects.exclude(pk__in=due_before), aliases)
    finally:
        publishers.reset()


def _recorders(kept: Captured, aliases: Collection[str]) -> Callable[[str], BasePublisher]:
    """Return a factory of recording publishers for the aliases, and of real ones for others."""
    make = publishers.create_connection

    def make_publisher(alias: str) -> BasePublisher:
        if aliases and alias not in aliases:
            return make(alias)
        return RecordingPublisher(alias=alias, captured=kept)

    return make_publisher
