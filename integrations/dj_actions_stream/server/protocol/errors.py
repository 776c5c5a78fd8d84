"""The errors of this server, in Stream's format.

FeedsError
├── ApiKeyError         2   401
├── SignatureError      3   401
├── InputError          4   400
├── FeedConfigError     6   400
├── PaginationError     8   400
├── RateLimitError      9   429
├── MissingUserError   10   400
├── RankingError       11   400
├── MissingRankingError 12  400
├── AggregationError   14   400
├── NotFoundError      16   404
├── NotAllowedError    17   403
│   └── MethodError    17   405
├── TooLargeError      18   413
├── ConflictError      22   409
└── InternalError      -1   500

Codes and statuses are those of Stream's API documentation; the names up to 17 are the classes
that stream-python raises for the code (`stream.exceptions`). The names at 14, 18, 22 and -1 are
ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class FeedsError(Exception):
    """An error response."""

    code: ClassVar[int]
    status: ClassVar[int]
    name: ClassVar[str]

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def document(self) -> dict[str, Any]:
        """Return the JSON that Stream's clients expect."""
        return {
            "detail": self.detail,
            "status_code": self.status,
            "code": self.code,
            "exception": self.name,
        }


class ApiKeyError(FeedsError):
    """The api_key is missing or unknown."""

    code, status, name = 2, 401, "ApiKeyException"


class SignatureError(FeedsError):
    """The token is missing, expired or signed with another secret."""

    code, status, name = 3, 401, "SignatureException"


class InputError(FeedsError):
    """The request contains data that cannot be parsed or stored."""

    code, status, name = 4, 400, "InputException"

    def __init__(self, detail: str, *, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(detail)
        self.fields = fields

    @classmethod
    def for_fields(cls, fields: Mapping[str, Sequence[str]]) -> InputError:
        """Return an error with the messages of each invalid field."""
        return cls(f"Errors for fields: {', '.join(fields)}", fields=fields)

    def document(self) -> dict[str, Any]:
        """Return the JSON with the messages of each invalid field."""
        document = super().document()
        if self.fields is not None:
            document["exception_fields"] = {
                name: list(messages) for name, messages in self.fields.items()
            }
        return document


class PaginationError(FeedsError):
    """limit, offset or one of the id bounds is invalid."""

    code, status, name = 8, 400, "InvalidPaginationException"


class MissingUserError(FeedsError):
    """A server's request does not name the user on whose behalf it is sent."""

    code, status, name = 10, 400, "MissingUserException"


class FeedConfigError(FeedsError):
    """The feed group does not exist, or its type does not support the request."""

    code, status, name = 6, 400, "FeedConfigException"


class RateLimitError(FeedsError):
    """The client has used up the calls of a time window."""

    code, status, name = 9, 429, "RateLimitReached"


class RankingError(FeedsError):
    """A ranking method cannot be applied to an activity."""

    code, status, name = 11, 400, "RankingException"


class MissingRankingError(FeedsError):
    """The feed group has no ranking method of this name."""

    code, status, name = 12, 400, "MissingRankingException"


class AggregationError(FeedsError):
    """An aggregation format cannot be applied to an activity."""

    code, status, name = 14, 400, "AggregationException"


class NotFoundError(FeedsError):
    """The URL or the object does not exist."""

    code, status, name = 16, 404, "DoesNotExistException"


class NotAllowedError(FeedsError):
    """The token is valid but does not permit the request."""

    code, status, name = 17, 403, "NotAllowedException"


class MethodError(NotAllowedError):
    """The URL exists but does not support the method."""

    status = 405


class TooLargeError(FeedsError):
    """The activity or the request exceeds a size limit."""

    code, status, name = 18, 413, "TooLargeException"


class ConflictError(FeedsError):
    """An object with this id already exists."""

    code, status, name = 22, 409, "ConflictException"


class InternalError(FeedsError):
    """The server failed; the client may retry."""

    code, status, name = -1, 500, "InternalException"
