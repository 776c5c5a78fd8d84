"""Group messages into requests, and find the one that Stream refuses. No network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dj_actions.exceptions import DestinationNotFound, PublishError, PublishRejected
from dj_actions_stream.effects import Effect, EffectKind
from dj_actions_stream.v3.activities import MAX_BATCH, activity_ids_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The effects of a message, or the reason why it has none."""

    effects: tuple[Effect, ...] = ()
    error: PublishError | None = None

    @property
    def only_adds(self) -> bool:
        """Whether it may be sent together with others."""
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
    for entry in prepared:
        size = sum(other.size for other in batch)
        fits = entry.only_adds and size + entry.size <= MAX_BATCH
        if batch and not (fits and batch[-1].only_adds):
            yield batch
            batch = []
        batch.append(entry)
    if batch:
        yield batch


def send_or_split(
    batch: Sequence[Prepared], send: Callable[[Sequence[Prepared]], None]
) -> Iterator[PublishError | None]:
    """Send a batch, and yield the error of each message, or None.

    If a batch is refused because of one of its messages, its halves are sent.
    """
    try:
        send(batch)
    except (PublishRejected, DestinationNotFound) as error:
        if len(batch) == 1:
            yield error
            return
        middle = len(batch) // 2
        yield from send_or_split(batch[:middle], send)
        yield from send_or_split(batch[middle:], send)
    except PublishError as error:
        yield from [error] * len(batch)
    else:
        yield from [None] * len(batch)
