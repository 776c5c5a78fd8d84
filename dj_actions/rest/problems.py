"""TODO."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from dj_actions.execution.problems import _problem, problem_of, status_of

MEDIA_TYPE = "application/problem+json"


REFUSED = re.compile(r";\s*q=0(\.0*)?\s*(;|$)")
"""A media type of weight 0: https://www.rfc-editor.org/rfc/rfc9110#section-12.4.2."""


class ProblemRenderer(JSONRenderer):
    """Writes an error whose client asked for problem details."""

    media_type = MEDIA_TYPE
    format = "problem"


def wants_problem(request: HttpRequest | Request) -> bool:
    """Tell whether the client has named problem details among what it accepts."""
    accepted = request.META.get("HTTP_ACCEPT", "").lower().split(",")
    return any(
        entry.partition(";")[0].strip() == MEDIA_TYPE and not REFUSED.search(entry)
        for entry in accepted
    )


def problem_of_answer(
    error: Exception, status_code: int, answer: Any, *, instance: str
) -> dict[str, Any]:
    """Return as problem details what a project's own exception handler has answered.

    Args:
        error: what was raised.
        status_code: that of the answer.
        answer: its body.
        instance: path of the request.
    """
    if status_of(error) == status_code:
        return problem_of(error, instance=instance)
    told = answer.get("detail") if isinstance(answer, Mapping) else None
    return _problem(status_code) | ({"detail": told} if told else {}) | {"instance": instance}
