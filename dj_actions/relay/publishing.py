"""Hand messages to a publisher and take what it returns, whatever it does."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from dj_actions.conf import get_settings
from dj_actions.exceptions import PublisherMisconfigured, PublishRejected
from dj_actions.messages import Actor, Message, Receipt
from dj_actions.outbox.claimed import Claimed
from dj_actions.publishers import BasePublisher
from dj_actions.redaction import TOO_LARGE, is_only_size

COLUMNS: Mapping[str, str] = {"data": "request_data", "result": "response_data", "extra": "extra"}
"""Field of a message → column of the event."""


class PayloadNotStored(PublishRejected):
    """A message that cannot be built: its data was too large, so that only its size was stored."""

    was_sent = False


def publish(deliveries: Sequence[Claimed], publisher: BasePublisher) -> Generator[object]:
    """Yield the outcome of each message, in order, as the publisher yields it.

    A message whose data was not stored is not handed to the publisher. An error that the
    publisher raises is the outcome of the next message, and the last one: the messages after it
    were not tried.
    """
    refusals = [refusal_of(delivery, publisher) for delivery in deliveries]
    if not any(refusals):
        yield from _outcomes(deliveries, publisher)  # thousands a second: nothing between them
        return
    accepted = [one for one, refusal in zip(deliveries, refusals, strict=True) if refusal is None]
    with closing(_outcomes(accepted, publisher)) as outcomes:
        for refusal in refusals:
            if refusal is not None:
                yield refusal
                continue
            try:
                yield next(outcomes)
            except StopIteration:
                return


def _outcomes(deliveries: Sequence[Claimed], publisher: BasePublisher) -> Generator[object]:
    if not deliveries:
        return
    try:
        messages = [message_of(delivery) for delivery in deliveries]
        yield from publisher.publish_many(messages)
    except GeneratorExit:
        raise
    except BaseException as error:  # noqa: BLE001 - a publisher must not end the relay
        yield error
    else:
        name = type(publisher).__name__
        yield TypeError(f"{name}.publish_many yielded no outcome for this message.")


def refusal_of(delivery: Claimed, publisher: BasePublisher) -> PayloadNotStored | None:
    """Return the error for a message of which the publisher would send data that is not stored."""
    for name in publisher.payload:
        size = _missing_size(getattr(delivery, COLUMNS[name]))
        if size is not None:
            return PayloadNotStored(
                f"The {name} of this event has {size} bytes, more than MAX_STORED_BYTES: only its "
                f"size was stored, and there is nothing to publish. Let {delivery.resource}."
                f"{delivery.action} have less {name}, or raise MAX_STORED_BYTES; this event "
                "itself cannot be published."
            )
    return None


def _missing_size(stored: object) -> int | None:
    """Return the size of data that was too large to store, or None if it was stored."""
    if not is_only_size(stored):
        return None
    size = stored[TOO_LARGE]
    return size if isinstance(size, int) else None


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
    """Return the frozen value that a publisher receives."""
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
        data=_stored(event.request_data, {}),
        result=_stored(event.response_data, None),
        summary=event.summary,
        recipients=tuple(event.recipients),
        extra=_stored(event.extra, {}),
        traceparent=event.traceparent,
        occurred_at=event.created_at,
        options=_options_of(event),
        attempt=event.attempts,
    )


def _options_of(event: Claimed) -> Mapping[str, Any]:
    """Return the options of the route that matched when the event was recorded.

    They are not recorded if JSON cannot represent them, if one of them is sensitive, or if the row
    is older than the column.
    """
    if event.options is None:
        return get_settings().route_options(event.publisher, event.label)
    return event.options


def _stored(value: Any, default: Any) -> Any:
    """Return data, or the default if it was too large to store: the publisher does not send it."""
    return value if _missing_size(value) is None else default
