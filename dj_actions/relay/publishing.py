"""Hand messages to a publisher and take what it returns, whatever it does."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import Any, TypeAlias
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from dj_actions.conf import get_settings
from dj_actions.exceptions import PublisherMisconfigured, PublishRejected
from dj_actions.messages import Actor, Message, Receipt
from dj_actions.models import Delivery
from dj_actions.outbox.claimed import Claimed
from dj_actions.publishers import BasePublisher
from dj_actions.publishers.rejections import unstored_text
from dj_actions.redaction import TOO_LARGE, is_only_size

NO_LEASE = UUID(int=0)

COLUMNS: Mapping[str, str] = {"data": "request_data", "result": "response_data", "extra": "extra"}
"""Field of a message → column of the event."""

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
    readings = [(delivery, _missing_sizes(delivery)) for delivery in deliveries]
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
        messages = [_message(*reading) for reading in readings]
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


def _missing_sizes(delivery: Claimed) -> Mapping[str, int]:
    """Return the size of each field of a message that was too large to store."""
    # Thousands a second, of which hardly ever one has such a field: the common answer comes first.
    if not (
        TOO_LARGE in (delivery.request_data or ())
        or TOO_LARGE in (delivery.extra or ())
        or is_only_size(delivery.response_data)
    ):
        return {}
    stored = {name: getattr(delivery, column) for name, column in COLUMNS.items()}
    return {
        name: value[TOO_LARGE]
        for name, value in stored.items()
        if is_only_size(value) and isinstance(value[TOO_LARGE], int)
    }


def receipt_or_error(outcome: object, publisher: BasePublisher) -> Receipt | BaseException:
    """Return an outcome, or an error if it is of another type.

    A setting that is wrong is no fault of the message for which it was read.
    """
    if isinstance(outcome, ImproperlyConfigured):
        return PublisherMisconfigured(str(outcome)).with_traceback(outcome.__traceback__)
    if isinstance(outcome, (Receipt, BaseException)):
        return outcome
    return TypeError(f"{type(publisher).__name__} returned {outcome!r}, which is not a Receipt.")


def message_of(event: Claimed) -> Message:
    """Return the frozen value that a publisher receives.

    Data that was too large to store is left out: the publisher does not send it.
    """
    return _message(event, _missing_sizes(event))


def _message(event: Claimed, missing: Mapping[str, int]) -> Message:
    return Message(
        id=event.event_id,
        resource=event.resource,
        action=event.action,
        version=event.version,
        # Its column cuts it to 255 characters; the list has all of them.
        object_id=event.object_ids[0]
        if event.object_id is not None and len(event.object_ids) == 1
        else event.object_id,
        object_ids=tuple(event.object_ids),
        actor=Actor(id=event.actor_id, label=event.actor_label) if event.actor_id else None,
        data={} if "data" in missing else event.request_data,
        result=None if "result" in missing else event.response_data,
        summary=event.summary,
        recipients=tuple(event.recipients),
        extra={} if "extra" in missing else event.extra,
        traceparent=event.traceparent,
        occurred_at=event.created_at,
        parent=event.parent_id,
        options=_options_of(event) if event.options is None else event.options,
        attempt=event.attempts,
        unstored=missing,
    )


def message_of_delivery(delivery: Delivery) -> Message:
    """Return the message of a delivery that is not claimed, as its publisher received it.

    Args:
        delivery: the row, with its event.
    """
    delivery.claimed_at = delivery.queued_at  # no part of the message
    row = Claimed.from_row(delivery, token=NO_LEASE, using=str(delivery._state.db))
    return message_of(row)


def _options_of(event: Claimed) -> Mapping[str, Any]:
    """Return the options of the route for an event of which they are not recorded.

    They are not recorded if JSON cannot represent them, if one of them is sensitive, or if the row
    is older than the column.
    """
    return get_settings().route_options(event.publisher, event.label)
