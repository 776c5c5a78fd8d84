"""Describe errors: as DRF does, and as problem details (https://www.rfc-editor.org/rfc/rfc9457)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import DataError
from django.http import Http404
from rest_framework.exceptions import APIException, NotFound, PermissionDenied

from dj_actions.database import is_concurrent_change


class ConcurrentChange(APIException):
    """Another transaction has changed, or holds, the same rows; this one was rolled back."""

    status_code = HTTPStatus.CONFLICT.value
    default_detail = (
        "Another request is changing the same data; this one has changed nothing. Send it again."
    )
    default_code = "concurrent_change"


class UnusableValue(APIException):
    """A value of the call cannot be compared with those in the database."""

    status_code = HTTPStatus.BAD_REQUEST.value
    default_detail = "A value is outside of the range that the database supports."
    default_code = "invalid"


@contextmanager
def refusing_unusable_values() -> Iterator[None]:
    """Refuse a call with a value that the database cannot even search for.

    Only for the steps that identify the caller, find objects and validate the input. Later, such
    an error is a fault of the action.

    Raises:
        UnusableValue: PostgreSQL refuses a value, or a driver cannot convert it.
    """
    try:
        yield
    except (DataError, OverflowError) as error:
        raise UnusableValue from error


FAULT = HTTPStatus.INTERNAL_SERVER_ERROR.value


def api_exception_for(error: Exception) -> APIException | None:
    """Return the DRF exception that an error is returned as; None for a server error."""
    if isinstance(error, APIException):
        return error
    if isinstance(error, Http404):
        return NotFound(*error.args)
    if isinstance(error, DjangoPermissionDenied):
        return PermissionDenied(*error.args)
    return None


def known_error(error: Exception) -> APIException | None:
    """Return the same, and an error for a transaction that the database has refused.

    Only at the end of a call: such a transaction cannot go on.
    """
    return api_exception_for(error) or (ConcurrentChange() if is_concurrent_change(error) else None)


def status_code_for(error: Exception) -> int:
    """Return the status code that an error is returned with."""
    known = known_error(error)
    return known.status_code if known else HTTPStatus.INTERNAL_SERVER_ERROR


def error_body(error: Exception) -> Any:
    """Return the response body for an error, as DRF formats it; only the type of a server error."""
    known = known_error(error)
    if known is None:
        # Not its message, which may contain confidential data.
        return {"detail": type(error).__name__}
    detail = known.detail
    return detail if isinstance(detail, (dict, list)) else {"detail": detail}


def problem_for(error: Exception, *, instance: str = "") -> dict[str, Any]:
    """Return an error as problem details.

    Args:
        error: any error; a server error is described only by its status.
        instance: path of the request.
    """
    known = known_error(error)
    problem = blank_problem(status_code_for(error))
    details = known.get_full_details() if known else None
    if isinstance(details, Mapping) and details.keys() == {"message", "code"}:
        problem |= {"detail": details["message"], "code": details["code"]}
    elif details is not None:
        problem |= {"detail": known.default_detail if known else "", "code": "invalid"}
        problem["errors"] = list(_errors(details, "#"))
    if instance:
        problem["instance"] = instance
    return problem


def blank_problem(status_code: int) -> dict[str, Any]:
    """Return problem details that contain only the status."""
    known = {entry.value: entry.phrase for entry in HTTPStatus}
    title = known.get(status_code) or ("Server Error" if status_code >= FAULT else "Client Error")
    return {"type": "about:blank", "title": title, "status": status_code}


def _errors(details: Any, pointer: str) -> Iterator[dict[str, Any]]:
    """Yield one entry per message, with a JSON pointer to its field."""
    if isinstance(details, Mapping) and details.keys() == {"message", "code"}:
        yield {"pointer": pointer, "detail": details["message"], "code": details["code"]}
    elif isinstance(details, Mapping):
        for key, entry in details.items():
            yield from _errors(entry, f"{pointer}/{_escape(str(key))}")
    elif isinstance(details, list):
        for position, entry in enumerate(details):
            is_message = isinstance(entry, Mapping) and entry.keys() == {"message", "code"}
            yield from _errors(entry, pointer if is_message else f"{pointer}/{position}")


def _escape(key: str) -> str:
    """Escape a key: https://www.rfc-editor.org/rfc/rfc6901#section-3."""
    return key.replace("~", "~0").replace("/", "~1")
