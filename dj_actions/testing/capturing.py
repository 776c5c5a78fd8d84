"""Keep messages instead of sending them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from dj_actions.messages import Message, Receipt
from dj_actions.models import Delivery
from dj_actions.publishers import BasePublisher, publishers
from dj_actions.testing.draining import configured, drain_rows


class Captured:
    """The messages that publishers would have been given, each once, in that order."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, object], Message] = {}

    @property
    def messages(self) -> list[Message]:
        """All of them; one that goes to two publishers is there twice."""
        return list(self._kept.values())

    def of(self, alias: str) -> list[Message]:
        """Return those of one publisher.

        Raises:
            InvalidSetting: it has none, and is not configured.
        """
        found = [message for (owner, _), message in self._kept.items() if owner == alias]
        if not found:
            configured([alias])
        return found

    def keep(self, alias: str, message: Message) -> None:
        """Add a message, unless it is already there."""
        self._kept.setdefault((alias, message.id), message)


class RecordingPublisher(BasePublisher):
    """Stands in for a publisher; accepts everything, sends nothing.

    Args:
        captured: what keeps the messages.
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
    """Keep what the block would publish, instead of publishing it.

    Inside it, recording publishers stand in for the configured ones, in all threads and whatever
    becomes of the settings; routes and retry rules stay as they are. When the block ends, what
    it has caused is delivered to them; what was due before it began stays as it is. If it ends
    with an exception, nothing is delivered.

    Args:
        aliases: the publishers to stand in for; all of them by default.

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
        # The handler's factory, not the setting: a setting can be overridden inside the block,
        # and its publishers would then send.
        with patch.object(publishers, "create_connection", _stand_ins(kept, aliases)):
            publishers.reset()
            yield kept
            drain_rows(Delivery.objects.exclude(pk__in=due_before), aliases)
    finally:
        publishers.reset()


def _stand_ins(kept: Captured, aliases: Collection[str]) -> Callable[[str], BasePublisher]:
    """Return what makes publishers while they are captured; it leaves others as they are."""
    make = publishers.create_connection

    def make_or_stand_in(alias: str) -> BasePublisher:
        if aliases and alias not in aliases:
            return make(alias)
        return RecordingPublisher(alias=alias, captured=kept)

    return make_or_stand_in
