"""Render errors as problem details: https://www.rfc-editor.org/rfc/rfc9457."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from dj_actions.execution.problems import blank_problem, problem_for, status_code_for

MEDIA_TYPE = "application/problem+json"

REFUSED = re.compile(r";\s*q=0(\.0*)?\s*(;|$)")
"""A media type of weight 0: https://www.rfc-editor.org/rfc/rfc9110#section-12.4.2."""


class ProblemRenderer(JSONRenderer):
    """Renders an error for a client that accepts problem details."""

    media_type = MEDIA_TYPE
    format = "problem"


def wants_problem(request: HttpRequest | Request) -> bool:
    """Return whether the client lists problem details in its Accept header."""
    accepted = request.META.get("HTTP_ACCEPT", "").lower().split(",")
    return any(
        entry.partition(";")[0].strip() == MEDIA_TYPE and not REFUSED.search(entry)
        for entry in accepted
    )


def problem_for_response(
    error: Exception, status_code: int, body: Any, *, instance: str
) -> dict[str, Any]:
    """Return the response of a project's own exception handler as problem details.

    Args:
        error: the exception.
        status_code: the status code of the response.
        body: its body.
        instance: path of the request.
    """
    if status_code_for(error) == status_code:
        return problem_for(error, instance=instance)
    detail = body.get("detail") if isinstance(body, Mapping) else None
    problem = blank_problem(status_code) | ({"detail": detail} if detail else {})
    return problem | {"instance": instance}
