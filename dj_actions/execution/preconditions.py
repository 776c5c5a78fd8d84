"""Act only on the version of an object that the caller has seen (If-Match).

The version is an entity tag: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException

from dj_actions.context import ActionContext
from dj_actions.declaration.definition import Precondition
from dj_actions.execution.run import Run

PLAIN = re.compile(r"[!#-~]*")
"""Characters allowed in an entity tag; a version with others is replaced by its hash."""

ENTITY_TAG = re.compile(r'(?:W/)?"[^"]*"')


class PreconditionFailed(APIException):
    """The object has changed since the caller read it."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = (
        "The object has changed. Fetch it again, and repeat the request if it still applies."
    )
    default_code = "precondition_failed"


class PreconditionRequired(APIException):
    """The request must specify the version of the object."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = 'Send the version you have seen, as in If-Match: "3".'
    default_code = "precondition_required"


def entity_tag_of(entry: Any, precondition: Precondition) -> str:
    """Return the entity tag of an object: its version, in quotes."""
    version = getattr(entry, precondition.field)
    text = version.isoformat() if isinstance(version, (date, datetime, time)) else str(version)
    if not PLAIN.fullmatch(text):
        text = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f'"{text}"'


def current_entity_tag(run: Run, context: ActionContext) -> str | None:
    """Return the entity tag of the object after the run; None if it was deleted.

    It is read from the database: `update()`, for example, does not change the instance.
    """
    precondition = run.definition.precondition
    if precondition is None or context.object.pk is None:
        return None
    entry = context.object
    rows = type(entry)._base_manager.using(entry._state.db).filter(pk=entry.pk)
    current = rows.only(precondition.field).first()
    return entity_tag_of(current, precondition) if current else None


def require_match(run: Run, context: ActionContext) -> None:
    """Compare the version the caller has seen with that of the object, which is now locked.

    Raises:
        PreconditionRequired: the action requires a version, and the call has none.
        PreconditionFailed: the object has another version.
    """
    call, precondition = run.call, run.definition.precondition
    if precondition is None:
        return
    if call.if_match is None:
        if call.requires_version and precondition.required:
            raise PreconditionRequired
        return
    if call.if_match.strip() == "*":
        return
    # Weak tags never match: If-Match uses the strong comparison.
    if entity_tag_of(context.object, precondition) not in ENTITY_TAG.findall(call.if_match):
        raise PreconditionFailed
