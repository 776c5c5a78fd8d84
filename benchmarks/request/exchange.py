"""One request through Django's whole handler, as a WSGI server would hand it over."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from benchmarks.errors import NoFigure
from benchmarks.request.contenders import Contender

NOTE = "It went well."


class WrongAnswer(NoFigure):
    """A contender has not answered with the todo, done; no figure would mean anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, and how long it took."""

    status: str
    body: bytes
    microseconds: float


class Exchange:
    """Sends requests of one contender's user and times them.

    Args:
        handler: Django's WSGI application.
        contender: whose endpoint is asked.
        token: key of the token of the contender's user.
    """

    def __init__(self, handler: WSGIHandler, contender: Contender, token: str) -> None:
        self._handler = handler
        self._contender = contender
        self._headers = {"Authorization": f"Token {token}", "Accept": "application/json"}
        self._factory = RequestFactory()

    def mark_done(self, todo_id: int) -> float:
        """Mark a todo as done and return how many microseconds the server took.

        Raises:
            WrongAnswer: the answer is not 200 with the todo.
        """
        answer = self._send(self._environ(todo_id))
        todo: dict[str, Any] = json.loads(answer.body) if answer.status == "200 OK" else {}
        expected = {"id": todo_id, "note": NOTE, "done": True, "owner": self._contender.name}
        if todo | expected != todo:
            raise WrongAnswer(
                f"{self._contender.name} answered {answer.status}: {answer.body[:500]!r}"
            )
        return answer.microseconds

    def _environ(self, todo_id: int) -> dict[str, Any]:
        request = self._factory.post(
            self._contender.path(todo_id),
            data={"note": NOTE},
            content_type="application/json",
            headers=self._headers,
        )
        return request.environ

    def _send(self, environ: dict[str, Any]) -> Answer:
        status = ""

        def start_response(line: str, _headers: Any, _error: Any = None) -> Any:
            nonlocal status
            status = line

        started = time.perf_counter_ns()
        response = self._handler(environ, start_response)
        body = b"".join(response)
        response.close()
        ended = time.perf_counter_ns()
        return Answer(status=status, body=body, microseconds=(ended - started) / 1000)
