"""Send requests to a candidate's endpoint, and verify the responses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from benchmarks.errors import BenchmarkError
from benchmarks.request.candidates import Candidate

NOTE = "It went well."
BODY = json.dumps({"note": NOTE}).encode()
OK = 200


class UnexpectedResponse(BenchmarkError):
    """The candidate did not respond with the todo marked as done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedResponse:
    """A response, and how long it took."""

    status: int
    body: bytes
    microseconds: float


class Transport(Protocol):
    """How requests reach Django."""

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> TimedResponse:
        """Send a request with a JSON body, and measure the time until the response is complete."""


class CandidateClient:
    """A client for a candidate's endpoint.

    Args:
        candidate: the candidate.
        token: key of the token of the candidate's user.
    """

    def __init__(self, candidate: Candidate, token: str) -> None:
        self._candidate = candidate
        self._headers = {"Authorization": f"Token {token}", "Accept": "application/json"}

    def mark_done(self, todo_id: int, transport: Transport) -> float:
        """Mark a todo as done, and return the duration in microseconds.

        Raises:
            BenchmarkError: the response is not 200 with the todo, or there is none.
        """
        response = transport.post(self._candidate.path(todo_id), self._headers, BODY)
        todo = json.loads(response.body) if response.status == OK else {}
        self._require([todo_id], [todo], response)
        return response.microseconds

    def mark_many_done(self, todo_ids: Sequence[int], transport: Transport) -> float:
        """Mark many todos as done with one request, and return the duration in microseconds.

        Raises:
            BenchmarkError: the response is not 200 with the todos in the order of the ids, or
                there is none.
        """
        body = json.dumps({"ids": todo_ids, "note": NOTE}).encode()
        response = transport.post(self._candidate.path_for_many(), self._headers, body)
        content = json.loads(response.body) if response.status == OK else {"results": []}
        self._require(todo_ids, content["results"], response)
        return response.microseconds

    def _require(
        self, todo_ids: Sequence[int], todos: Sequence[dict[str, Any]], response: TimedResponse
    ) -> None:
        """Raise unless the response has these todos, as they are when they are done."""
        state = {"note": NOTE, "done": True, "owner": self._candidate.name}
        expected = [{"id": todo_id, **state} for todo_id in todo_ids]
        found = [{name: todo.get(name) for name in ("id", *state)} for todo in todos]
        if found != expected:
            raise UnexpectedResponse(
                f"{self._candidate.name} responded with {response.status}: {response.body[:500]!r}"
            )
