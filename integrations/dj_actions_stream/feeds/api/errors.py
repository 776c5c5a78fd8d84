"""Answer the errors of feeds as errors of the API."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    ValidationError,
)
from rest_framework.request import Request

from dj_actions_stream.feeds.errors import (
    FeedForbidden,
    FeedNotFound,
    FeedUnavailable,
    InvalidFeedRequest,
)


class ServiceUnavailable(APIException):
    """Stream cannot be reached."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The feeds are not available at the moment. Try again later."
    default_code = "unavailable"

    def __init__(self, wait: float | None) -> None:
        super().__init__()
        if wait is not None:
            self.wait = math.ceil(wait)
            """Seconds for `Retry-After`, which DRF sets."""


@contextmanager
def api_errors(request: Request) -> Iterator[None]:
    """Raise each error of a feed as an error of the API."""
    try:
        yield
    except FeedForbidden as error:
        if not getattr(request.user, "is_authenticated", False):
            raise NotAuthenticated from error
        raise PermissionDenied(str(error)) from error
    except FeedNotFound as error:
        raise NotFound(str(error)) from error
    except InvalidFeedRequest as error:
        raise ValidationError({"detail": [str(error)]}) from error
    except FeedUnavailable as error:
        raise ServiceUnavailable(error.retry_after) from error
