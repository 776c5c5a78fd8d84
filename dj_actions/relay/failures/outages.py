"""What the outcome of an attempt says about the destination."""

from __future__ import annotations

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
)


def was_sent(outcome: object) -> bool:
    """Return whether an outcome says something about the destination.

    A wrong configuration does, even if nothing could be sent.
    """
    return (
        not isinstance(outcome, PublishError)
        or outcome.was_sent
        or isinstance(outcome, PublisherMisconfigured)
    )


def is_outage(error: BaseException) -> bool:
    """Return whether an error speaks against the destination, not against the message.

    An error that is not a PublishError is not evidence of an outage: only its own message is
    retried.
    """
    return isinstance(error, PublisherUnavailable) and not isinstance(error, DestinationNotFound)
