"""Raise what a client of Stream raises as a PublishError."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from urllib3.exceptions import MaxRetryError

from dj_actions.exceptions import PublishError, PublisherUnavailable
from dj_actions.publishers.bounded import ResponseTooLarge
from dj_actions.publishers.http import with_status, without_secrets
from dj_actions_stream.transport.responses import MAX_ERROR_LENGTH, NOT_STREAM

CONNECTION = re.compile(r"HTTPS?Connection(?:Pool)?\(host='([^']*)', port=(\d+)\)")
"""How urllib3 writes which server it was connecting to."""


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
    text = f"Stream: {type(error).__name__}: {_reason(error)}"
    message = without_secrets(text)[:MAX_ERROR_LENGTH]
    return with_status(classify(error, message), getattr(error, "status_code", None))


def _reason(error: Exception) -> str:
    """Return what went wrong, without what urllib3 wraps around it.

    The lists of deliveries show only the start of an error, so it begins with the server.
    """
    (inner, *_) = error.args or (None,)
    if isinstance(inner, MaxRetryError) and inner.reason:
        inner = inner.reason
    text = str(inner if isinstance(inner, Exception) else error)
    return CONNECTION.sub(r"\1:\2", text)
