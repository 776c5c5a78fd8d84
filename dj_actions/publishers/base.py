"""What every publisher is: one method, and others it may add."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from django.core.checks import CheckMessage

from dj_actions.messages import Message, Receipt, RemoteRun


class BasePublisher(ABC):
    """One configured destination.

    OPTIONS of the setting are the keyword arguments of the constructor. An instance belongs
    to one thread; it is made when that thread first needs it.

    Args:
        alias: the publisher's name in DJ_ACTIONS["PUBLISHERS"].
    """

    supports_tracking: ClassVar[bool] = False
    """Can the end of a remote run be asked for later?"""

    def __init__(self, *, alias: str) -> None:
        self.alias = alias

    @abstractmethod
    def publish(self, message: Message) -> Receipt:
        """Hand over one message; calling it twice with one `message.id` has one effect.

        Raises:
            PublisherUnavailable: try again.
            DestinationNotFound: try again a few times, slowly.
            RateLimited: try later, do not count it.
            PublishRejected: never try again.
            PublisherMisconfigured: not this message's fault; wait until it is mended.
        """

    def publish_many(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Hand over messages in order and yield one outcome for each, as it becomes known."""
        for message in messages:
            yield self._outcome_of(message)

    def _outcome_of(self, message: Message) -> Receipt | BaseException:
        try:
            return self.publish(message)
        except BaseException as error:  # noqa: BLE001 - one message must not take others along
            return error

    def track(self, receipts: Sequence[Receipt]) -> Sequence[RemoteRun]:
        """Ask what became of these, in as few calls as possible; one answer for each, in order.

        Raises:
            PublishError: the destination cannot be asked now; it is asked again later.
        """
        raise NotImplementedError(f"{type(self).__name__} does not support tracking.")

    def check(self) -> Iterable[CheckMessage]:
        """Yield what is wrong with the configuration, without touching the network."""
        return ()

    def check_reachable(self) -> bool:
        """Ask the destination a harmless question; False if there is none to ask.

        It shows that the destination answers and knows who asks, changes nothing there, and
        ends within the publisher's own timeouts.

        Raises:
            PublishError: it gave no answer, or a bad one.
        """
        return False

    def prepare(self) -> None:
        """Load what is slow to load; a relay calls it before the first message comes."""

    def close(self) -> None:
        """Give back connections; the instance may be used again afterwards."""
