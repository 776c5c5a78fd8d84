"""Hand messages to a publisher and take what it returns, whatever it does."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import TypeAlias

from django.core.exceptions import ImproperlyConfigured

from dj_actions.exceptions import PublisherMisconfigured, PublishRejected
from dj_actions.messages import Receipt
from dj_actions.outbox.claimed import Claimed
from dj_actions.publishers import BasePublisher
from dj_actions.publishers.rejections import unstored_text
from dj_actions.relay.delivering.messages import message_of, missing_sizes

Reading: TypeAlias = tuple[Claimed, Mapping[str, int]]
"""A delivery, and the size of each field of its message that was too large to store."""


class PayloadNotStored(PublishRejected):
    """A message that cannot be built: its data was too large, so that only its size was stored."""

    was_sent = False


def publish(deliveries: Sequence[Claimed], publisher: BasePublisher) -> Generator[object]:
    """Yield the outcome of each message, in order, as the publisher yields it.

    A message whose data was not stored is not handed to the publisher. An error that the
    publisher raises is the outcome of the next message, and the last one: the messages after it
    were not tried.
    """
    readings = [(delivery, missing_sizes(delivery)) for delivery in deliveries]
    refusals = [_refusal_of(*reading, publisher) for reading in readings]
    if not any(refusals):
        yield from _outcomes(readings, publisher)  # thousands a second: nothing between them
        return
    accepted = [one for one, refusal in zip(readings, refusals, strict=True) if refusal is None]
    with closing(_outcomes(accepted, publisher)) as outcomes:
        for refusal in refusals:
            if refusal is not None:
                yield refusal
                continue
            try:
                yield next(outcomes)
            except StopIteration:
                return


def _outcomes(readings: Sequence[Reading], publisher: BasePublisher) -> Generator[object]:
    if not readings:
        return
    try:
        messages = [message_of(*reading) for reading in readings]
        yield from publisher.publish_many(messages)
    except GeneratorExit:
        raise
    except BaseException as error:  # noqa: BLE001 - a publisher must not end the relay
        yield error
    else:
        name = type(publisher).__name__
        yield TypeError(f"{name}.publish_many yielded no outcome for this message.")


def _refusal_of(
    delivery: Claimed, missing: Mapping[str, int], publisher: BasePublisher
) -> PayloadNotStored | None:
    """Return the error for a message of which the publisher would send data that is not stored."""
    name = next((name for name in publisher.payload if name in missing), None) if missing else None
    if name is None:
        return None
    return PayloadNotStored(unstored_text(name, missing[name], delivery.label))


def receipt_or_error(outcome: object, publisher: BasePublisher) -> Receipt | BaseException:
    """Return an outcome, or an error if it is of another type.

    A setting that is wrong is no fault of the message for which it was read.
    """
    if isinstance(outcome, ImproperlyConfigured):
        return PublisherMisconfigured(str(outcome)).with_traceback(outcome.__traceback__)
    if isinstance(outcome, (Receipt, BaseException)):
        return outcome
    return TypeError(f"{type(publisher).__name__} returned {outcome!r}, which is not a Receipt.")
