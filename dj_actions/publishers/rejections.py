"""Rejections of a message before it is sent: they say nothing about the destination."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dj_actions.exceptions import PublishError, PublishRejected
from dj_actions.messages import Message


@contextmanager
def before_sending() -> Iterator[None]:
    """Mark each PublishError that is raised in the block as one before the message was sent.

    It says nothing about the destination: a message that is too large to be sent must not close
    the circuit breaker, as one does that the destination has rejected.
    """
    try:
        yield
    except PublishError as error:
        error.was_sent = False
        raise


def require_stored(message: Message, *names: str) -> None:
    """Refuse a message of which a publisher needs what was too large to be stored.

    Args:
        message: the message.
        names: of its fields `data`, `result` and `extra`.

    Raises:
        PublishRejected: one of them is not stored.
    """
    for name in names:
        if name in message.unstored:
            error = PublishRejected(unstored_text(name, message.unstored[name], message.label))
            error.was_sent = False
            raise error


def unstored_text(name: str, size: int, label: str) -> str:
    """Return why a message cannot be published without one of its fields.

    Args:
        name: of the field.
        size: its bytes.
        label: the action.
    """
    return (
        f"The {name} of this event has {size} bytes, more than MAX_STORED_BYTES: only its size was "
        f"stored, and there is nothing to publish. Let {label} have less {name}, or raise "
        "MAX_STORED_BYTES; this event itself cannot be published."
    )
