"""The errors of reading feeds, and the translation of those of the client into them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied

from dj_actions.exceptions import (
    DestinationNotFound,
    DJActionsError,
    PublishError,
    PublishRejected,
)
from dj_actions_stream.v2.errors import translate_errors

logger = logging.getLogger(__name__)


class FeedError(DJActionsError):
    """A feed cannot be read or changed."""


class FeedForbidden(FeedError, PermissionDenied):
    """The rule of the feed's group refuses this user."""


class FeedNotFound(FeedError):
    """There is no feed group of that name, or the id is not valid in a feed."""


class InvalidFeedRequest(FeedError, ValueError):
    """A value of the request is invalid, or Stream refuses the request."""


class FeedUnavailable(FeedError):
    """Stream cannot be reached, limits the rate, or is not configured correctly.

    Args:
        message: what happened.
        retry_after: seconds to wait, if Stream requires a wait.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@contextmanager
def translate_feed_errors() -> Iterator[None]:
    """Raise each error of the client as a FeedError, with the cause chained."""
    try:
        with translate_errors():
            yield
    except FeedError:
        raise
    except DestinationNotFound as error:
        raise FeedNotFound(str(error)) from error
    except PublishRejected as error:
        raise InvalidFeedRequest(str(error)) from error
    except PublishError as error:
        logger.warning("A feed cannot be read: %s", error)
        wait = getattr(error, "retry_after", None)
        raise FeedUnavailable(str(error), retry_after=wait) from error
