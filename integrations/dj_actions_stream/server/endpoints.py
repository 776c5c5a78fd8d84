"""What all answers have in common: JSON with a duration, also when something is wrong.

stream-python takes a 4xx without `exception`, and any JSON at all, for success, and cannot read an
HTML page; its own test-suite wants `duration` in every answer. So nothing else leaves this server.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from dj_actions_stream.server.errors import (
    FeedsError,
    InputError,
    InternalError,
    MethodError,
    TooLargeError,
)
from dj_actions_stream.server.payloads import read_object

logger = logging.getLogger(__name__)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a request comes to, before it is sent."""

    document: dict[str, Any]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_error(cls, error: FeedsError) -> Answer:
        """Return the answer that tells the error."""
        return cls(document=error.document(), status=error.status)

    def response(self, *, started: float) -> JsonResponse:
        """Return the response, with the time that passed since `started`."""
        milliseconds = (time.perf_counter() - started) * 1000
        document = {**self.document, "duration": f"{milliseconds:.2f}ms"}
        return JsonResponse(document, status=self.status, headers=self.headers)


@method_decorator(csrf_exempt, name="dispatch")
class Endpoint(View):
    """An address of the API; a subclass has a method per HTTP method, which returns an Answer."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        """Answer in JSON, whatever happens."""
        started = time.perf_counter()
        return self._answer(request, *args, **kwargs).response(started=started)

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Answer:
        method = (request.method or "").lower()
        if method not in self._served():
            return self._wrong_method(request)
        try:
            answer: Answer = getattr(self, method)(request, *args, **kwargs)
        except FeedsError as error:
            return Answer.of_error(error)
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return Answer.of_error(InternalError("Something broke in the feeds server."))
        return answer

    def _wrong_method(self, request: HttpRequest) -> Answer:
        error = MethodError(f"{request.method} is not allowed here.")
        allow = ", ".join(method.upper() for method in self._served())
        return Answer(document=error.document(), status=error.status, headers={"Allow": allow})

    def _served(self) -> list[str]:
        return [method.lower() for method in METHODS if hasattr(self, method.lower())]


def read_body(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object that was sent, or raise the error that says what is wrong with it."""
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise TooLargeError("The request is too large.") from error
    except UnreadablePostError as error:
        raise InputError("The request ended early.") from error
    return read_object(body)
