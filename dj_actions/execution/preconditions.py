"""Act only on the version of an object that the caller has seen.

The version is an entity tag: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException

from dj_actions.declaration.definition import Precondition

PLAIN = re.compile(r"[!#-~]*")
"""Characters of an entity tag; a version with others is told by its hash."""

ENTITY_TAG = re.compile(r'(?:W/)?"[^"]*"')


class PreconditionFailed(APIException):
    """The object is not in the version that the caller has seen."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "The object has changed. Fetch it again, and repeat if it still applies."
    default_code = "precondition_failed"


class PreconditionRequired(APIException):
    """The caller must say which version of the object it has seen."""

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


def fresh_entity_tag(entry: Any, precondition: Precondition) -> str | None:
    """Return the entity tag of an object as the database has it; None if it is gone.

    What an action has done to it may have gone by the object, as `update()` does.
    """
    if entry.pk is None:
        return None
    rows = type(entry)._base_manager.using(entry._state.db).filter(pk=entry.pk)
    current = rows.only(precondition.field).first()
    return entity_tag_of(current, precondition) if current else None


def require_match(entry: Any, precondition: Precondition, if_match: str | None) -> None:
    """Compare what the caller has seen with the object as it is, now that it is locked.

    Args:
        entry: the locked object.
        precondition: the action's.
        if_match: the header; None without one.

    Raises:
        PreconditionRequired: the action wants a version, and none was named.
        PreconditionFailed: the object has another version.
    """
    if if_match is None:
        if precondition.required:
            raise PreconditionRequired
        return
    if if_match.strip() == "*":
        return
    # Weak tags never match: If-Match compares strongly.
    if entity_tag_of(entry, precondition) not in ENTITY_TAG.findall(if_match):
        raise PreconditionFailed
