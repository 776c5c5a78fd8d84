"""What this server refuses, in Stream's words.

FeedsError
├── ApiKeyError         2   401
├── SignatureError      3   401
├── InputError          4   400
├── PaginationError     8   400
├── NotFoundError      16   404
├── NotAllowedError    17   403
│   └── MethodError    17   405
├── TooLargeError      18   413
└── InternalError      -1   500

Codes and statuses are those of Stream's API documentation; the names up to 17 are the classes
that stream-python raises for the code (`stream.exceptions`). The names at 18 and -1 are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class FeedsError(Exception):
    """A request that is answered with an error."""

    code: ClassVar[int]
    status: ClassVar[int]
    name: ClassVar[str]

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def document(self) -> dict[str, Any]:
        """Return the error as Stream's clients expect it."""
        return {
            "detail": self.detail,
            "status_code": self.status,
            "code": self.code,
            "exception": self.name,
        }


class ApiKeyError(FeedsError):
    """The api_key is missing or not ours."""

    code, status, name = 2, 401, "ApiKeyException"


class SignatureError(FeedsError):
    """The token is missing, expired or not signed with our secret."""

    code, status, name = 3, 401, "SignatureException"


class InputError(FeedsError):
    """The request says something that cannot be understood or kept."""

    code, status, name = 4, 400, "InputException"

    def __init__(self, detail: str, *, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(detail)
        self.fields = fields

    @classmethod
    def of_fields(cls, fields: Mapping[str, Sequence[str]]) -> InputError:
        """Return the error that names each wrong field."""
        return cls(f"Errors for fields: {', '.join(fields)}", fields=fields)

    def document(self) -> dict[str, Any]:
        """Return the error, with what is wrong in each field."""
        document = super().document()
        if self.fields is not None:
            document["exception_fields"] = {name: list(of) for name, of in self.fields.items()}
        return document


class PaginationError(FeedsError):
    """limit, offset or one of the id bounds is wrong."""

    code, status, name = 8, 400, "InvalidPaginationException"


class NotFoundError(FeedsError):
    """There is nothing at this address."""

    code, status, name = 16, 404, "DoesNotExistException"


class NotAllowedError(FeedsError):
    """The token is good, but not for this."""

    code, status, name = 17, 403, "NotAllowedException"


class MethodError(NotAllowedError):
    """The address exists, the method does not."""

    status = 405


class TooLargeError(FeedsError):
    """The activity, or the whole request, is larger than is taken."""

    code, status, name = 18, 413, "TooLargeException"


class InternalError(FeedsError):
    """Something broke here; the client may try again."""

    code, status, name = -1, 500, "InternalException"
