"""Errors as problem details: https://www.rfc-editor.org/rfc/rfc9457."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from rest_framework.exceptions import APIException, NotFound, PermissionDenied

FAULT = HTTPStatus.INTERNAL_SERVER_ERROR.value


def api_exception_of(error: Exception) -> APIException | None:
    """Return the error as the API answers it; None for a fault of the server."""
    if isinstance(error, APIException):
        return error
    if isinstance(error, Http404):
        return NotFound(*error.args)
    if isinstance(error, DjangoPermissionDenied):
        return PermissionDenied(*error.args)
    return None


def status_of(error: Exception) -> int:
    """Return the status code with which the API answers an error."""
    known = api_exception_of(error)
    return known.status_code if known else HTTPStatus.INTERNAL_SERVER_ERROR


def body_of_error(error: Exception) -> Any:
    """Return an error the way DRF answers it; of a fault of the server, only its kind."""
    known = api_exception_of(error)
    if known is None:
        # Not its text: that may hold what nobody should read.
        return {"detail": type(error).__name__}
    detail = known.detail
    return detail if isinstance(detail, (dict, list)) else {"detail": detail}


def problem_of(error: Exception, *, instance: str = "") -> dict[str, Any]:
    """Return an error as problem details.

    Args:
        error: any; of a fault of the server nothing is told but that it is one.
        instance: path of the request.
    """
    known = api_exception_of(error)
    problem = _problem(status_of(error))
    details = known.get_full_details() if known else None
    if isinstance(details, Mapping) and details.keys() == {"message", "code"}:
        problem |= {"detail": details["message"], "code": details["code"]}
    elif details is not None:
        problem |= {"detail": known.default_detail if known else "", "code": "invalid"}
        problem["errors"] = list(_errors(details, "#"))
    if instance:
        problem["instance"] = instance
    return problem


def _problem(status_code: int) -> dict[str, Any]:
    known = {entry.value: entry.phrase for entry in HTTPStatus}
    title = known.get(status_code) or ("Server Error" if status_code >= FAULT else "Client Error")
    return {"type": "about:blank", "title": title, "status": status_code}


def _errors(details: Any, pointer: str) -> Iterator[dict[str, Any]]:
    """Yield one entry per message, with a JSON pointer to the field it is about."""
    if isinstance(details, Mapping) and details.keys() == {"message", "code"}:
        yield {"pointer": pointer, "detail": details["message"], "code": details["code"]}
    elif isinstance(details, Mapping):
        for key, entry in details.items():
            yield from _errors(entry, f"{pointer}/{_escaped(str(key))}")
    elif isinstance(details, list):
        for position, entry in enumerate(details):
            is_message = isinstance(entry, Mapping) and entry.keys() == {"message", "code"}
            yield from _errors(entry, pointer if is_message else f"{pointer}/{position}")


def _escaped(key: str) -> str:
    """Escape a key: https://www.rfc-editor.org/rfc/rfc6901#section-3."""
    return key.replace("~", "~0").replace("/", "~1")
