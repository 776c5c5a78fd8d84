"""Raise what a client of Stream raises as a PublishError."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dj_actions.exceptions import PublishError, PublisherUnavailable
from dj_actions.publishers.bounded import ResponseTooLarge
from dj_actions.publishers.http import with_status, without_secrets
from dj_actions_stream.transport.responses import MAX_ERROR_LENGTH, NOT_STREAM


@contextmanager
def translating(translate: Callable[[Exception], PublishError]) -> Iterator[None]:
    """Raise each error of a client as a PublishError, with the cause chained.

    Args:
        translate: returns the PublishError for an error of the client.
    """
    try:
        yield
    except ResponseTooLarge as error:
        raise PublisherUnavailable(f"Stream: {error}. {NOT_STREAM}") from error
    except PublishError:
        raise
    except Exception as error:
        raise translate(error) from error


def translated(
    error: Exception, classify: Callable[[Exception, str], PublishError]
) -> PublishError:
    """Return the PublishError for an error of a client, with the status of the response.

    Args:
        error: the error.
        classify: returns the PublishError for an error, with the message that it is given.
    """
    message = without_secrets(f"Stream: {type(error).__name__}: {error}")[:MAX_ERROR_LENGTH]
    return with_status(classify(error, message), getattr(error, "status_code", None))
