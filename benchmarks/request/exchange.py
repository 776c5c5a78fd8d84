"""One request of one contender: what is sent, and what must come back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from benchmarks.errors import NoFigure
from benchmarks.request.contenders import Contender

NOTE = "It went well."
BODY = json.dumps({"note": NOTE}).encode()
OK = 200


class WrongAnswer(NoFigure):
    """A contender has not answered with the todo, done; no figure would mean anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, and how long it took."""

    status: int
    body: bytes
    microseconds: float


class Way(Protocol):
    """How a request gets to Django and its answer back."""

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request with a JSON body and time it until the answer is there in full."""


class Exchange:
    """The requests of one contender's user.

    Args:
        contender: whose endpoint is asked.
        token: key of the token of the contender's user.
    """

    def __init__(self, contender: Contender, token: str) -> None:
        self._contender = contender
        self._headers = {"Authorization": f"Token {token}", "Accept": "application/json"}

    def mark_done(self, todo_id: int, way: Way) -> float:
        """Mark a todo as done and return how many microseconds the answer took.

        Raises:
            NoFigure: the answer is not 200 with the todo, or there is none.
        """
        answer = way.post(self._contender.path(todo_id), self._headers, BODY)
        todo: dict[str, Any] = json.loads(answer.body) if answer.status == OK else {}
        expected = {"id": todo_id, "note": NOTE, "done": True, "owner": self._contender.name}
        if todo | expected != todo:
            raise WrongAnswer(
                f"{self._contender.name} answered {answer.status}: {answer.body[:500]!r}"
            )
        return answer.microseconds
