"""Group messages into requests, and find the one that Stream refuses. No network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.messages import Message
from dj_actions_stream.chunks import chunks
from dj_actions_stream.effects import Effect, EffectKind
from dj_actions_stream.publishing.refusals import CAUSED_BY_ONE_MESSAGE
from dj_actions_stream.v3.activities import MAX_BATCH, activity_ids_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The effects of a message, or the reason why it has none."""

    message: Message
    effects: tuple[Effect, ...] = ()
    error: BaseException | None = None

    is_alone: bool = False
    """Whether it is sent by itself: it failed before, and might be what fails a batch."""

    @property
    def only_adds(self) -> bool:
        """Whether all that it does is to add activities."""
        return all(effect.kind is EffectKind.ADD for effect in self.effects)

    @property
    def size(self) -> int:
        """How much of a request it fills."""
        return sum(len(activity_ids_of(effect)) for effect in self.effects)


def batches_of(prepared: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    """Yield messages that can be sent in one request, in their order.

    A message that does something else than adding activities is sent alone.
    """
    batch: list[Prepared] = []
    size = 0
    for entry in prepared:
        taken = entry.size if entry.only_adds and not entry.is_alone else MAX_BATCH
        if batch and size + taken > MAX_BATCH:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += taken
    if batch:
        yield batch


def send_or_split(
    batch: Sequence[Prepared], send: Callable[[Sequence[Prepared]], None]
) -> Iterator[BaseException | None]:
    """Send a batch, and yield the error of each message, or None.

    If a batch is refused, perhaps because of one of its messages, its halves are sent. If Stream
    fails, perhaps on one of them, the first has failed, and each of the others is sent by itself
    when it is its turn: during an outage the circuit breaker opens after a few.
    """
    try:
        send(batch)
    except CAUSED_BY_ONE_MESSAGE as error:
        if len(batch) == 1:
            yield error
            return
        for half in chunks(batch, ceil(len(batch) / 2)):
            yield from send_or_split(half, send)
    except PublisherUnavailable as error:
        yield error
        for entry in batch[1:]:
            yield from send_or_split([entry], send)
    except BaseException as error:  # noqa: BLE001 - one message must not affect the others
        yield from [error] * len(batch)
    else:
        yield from [None] * len(batch)
