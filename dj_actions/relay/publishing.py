"""Hand messages to a publisher and take what it returns, whatever it does."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from django.core.exceptions import ImproperlyConfigured

from dj_actions.conf import get_settings
from dj_actions.exceptions import PublisherMisconfigured
from dj_actions.messages import Actor, Message, Receipt
from dj_actions.outbox.claimed import Claimed
from dj_actions.publishers import BasePublisher


def publish(deliveries: Sequence[Claimed], publisher: BasePublisher) -> Generator[object]:
    """Yield the outcome of each message, as the publisher yields it.

    An error that the publisher raises is the outcome of the next message, and the last one: the
    messages after it were not tried.
    """
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
        object_id=event.object_id,
        object_ids=tuple(event.object_ids),
        actor=Actor(id=event.actor_id, label=event.actor_label) if event.actor_id else None,
        data=event.request_data,
        result=event.response_data,
        summary=event.summary,
        recipients=tuple(event.recipients),
        extra=event.extra,
        traceparent=event.traceparent,
        occurred_at=event.created_at,
        options=get_settings().route_options(event.publisher, event.label),
        attempt=event.attempts,
    )
