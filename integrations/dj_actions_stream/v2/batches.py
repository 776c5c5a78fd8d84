"""Add the activities of many messages with few calls, and find the bad ones among them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import Any

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.messages import Receipt
from dj_actions_stream.activities.conversion import MAX_TARGETS
from dj_actions_stream.chunks import chunks
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.publishing.refusals import CAUSED_BY_ONE_MESSAGE

MAX_ACTIVITIES = 100
"""Activities of one call: every documented limit of Stream nearby is a hundred."""

Outcome = Receipt | BaseException


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """One activity that can be added together with others."""

    feed: FeedId
    activity: Mapping[str, Any]

    is_alone: bool = False
    """Whether it is sent by itself: it failed before, and might be what fails a batch."""

    @property
    def targets(self) -> int:
        """How many feeds get a copy."""
        return len(self.activity.get("to", ()))


Step = Addition | Callable[[], Receipt] | BaseException
"""What is to be done for a message: add one activity, something else, or nothing but fail."""


class BatchedCalls:
    """The calls for a list of steps; each outcome is yielded when it is known.

    What is added to the feed of a step is sent together with it, so some outcomes are known before
    their turn.

    Args:
        add: adds activities to a feed in one call, and returns a receipt for each.
        steps: what is to be done, in order.
    """

    def __init__(
        self,
        add: Callable[[FeedId, Sequence[Mapping[str, Any]]], Sequence[Receipt]],
        steps: Sequence[Step],
    ) -> None:
        self._add = add
        self._steps = steps
        self._outcomes: dict[int, Outcome] = {}
        self._unsent: defaultdict[FeedId, deque[int]] = defaultdict(deque)
        for position, step in enumerate(steps):
            if isinstance(step, Addition) and not step.is_alone:
                self._unsent[step.feed].append(position)

    def outcomes(self) -> Iterator[Outcome]:
        """Yield the outcome of each step, in order."""
        for position, step in enumerate(self._steps):
            if position not in self._outcomes:
                self._take(position, step)
            yield self._outcomes.pop(position)

    def _take(self, position: int, step: Step) -> None:
        """Do one step, and with it all that fits into its call."""
        if not isinstance(step, Addition):
            self._outcomes[position] = _outcome_of(step)
        elif position in islice(self._unsent[step.feed], 1):
            self._send(self._next_batch(step.feed))
        else:  # it is sent by itself
            self._send({position: step})

    def _next_batch(self, feed: FeedId) -> dict[int, Addition]:
        """Take what fits into one call from the activities that are to be added to a feed."""
        unsent, batch, targets = self._unsent[feed], dict[int, Addition](), 0
        while unsent and len(batch) < MAX_ACTIVITIES:
            step = self._steps[unsent[0]]
            assert isinstance(step, Addition)  # noqa: S101 - as it was put there
            targets += step.targets
            if batch and targets > MAX_TARGETS:
                break
            batch[unsent.popleft()] = step
        return batch

    def _send(self, batch: Mapping[int, Addition]) -> None:
        positions, additions = list(batch), list(batch.values())
        try:
            receipts = self._add(additions[0].feed, [step.activity for step in additions])
        except BaseException as error:  # noqa: BLE001 - one message must not affect the others
            self._divide(error, batch)
        else:
            self._outcomes |= zip(positions, receipts, strict=True)

    def _divide(self, error: BaseException, batch: Mapping[int, Addition]) -> None:
        """Record a failure, or send smaller batches if it may be that of a single activity."""
        positions = list(batch)
        if len(batch) > 1 and isinstance(error, CAUSED_BY_ONE_MESSAGE):
            for half in chunks(positions, ceil(len(positions) / 2)):
                self._send({position: batch[position] for position in half})
        elif len(batch) > 1 and isinstance(error, PublisherUnavailable):
            # Perhaps the server fails on one of them, so each is sent by itself when its turn
            # comes. During an outage the circuit breaker opens after a few.
            self._send({positions[0]: batch[positions[0]]})
        else:
            self._outcomes |= dict.fromkeys(positions, error)


def _outcome_of(step: Callable[[], Receipt] | BaseException) -> Outcome:
    if isinstance(step, BaseException):
        return step
    try:
        return step()
    except BaseException as error:  # noqa: BLE001 - one message must not affect the others
        return error
