"""A response counts only if all todos of the request are done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from benchmarks.request.candidates import CAREFUL, DJ_ACTIONS, Candidate
from benchmarks.request.client import NOTE, CandidateClient, TimedResponse, UnexpectedResponse


def todo(pk: int, **changes: Any) -> dict[str, Any]:
    return {"id": pk, "note": NOTE, "done": True, "owner": "careful", "title": "t", **changes}


@dataclass
class FixedResponse:
    """A transport whose response is the same, whatever was sent."""

    content: Any
    status: int = 200
    sent: list[tuple[str, Any]] = field(default_factory=list)

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> TimedResponse:
        """Keep what was sent, and return the response."""
        assert headers["Authorization"] == "Token t"
        self.sent.append((path, json.loads(body)))
        body = json.dumps(self.content).encode()
        return TimedResponse(status=self.status, body=body, microseconds=7.0)


@pytest.mark.parametrize(
    ("candidate", "path"),
    [
        (CAREFUL, "/careful/todos/bulk_mark_done/"),
        (DJ_ACTIONS, "/dj_actions/todos/actions/bulk_mark_done/"),
    ],
)
def test_one_request_has_the_ids_of_many_todos(candidate: Candidate, path: str) -> None:
    owner = {"owner": candidate.name}
    transport = FixedResponse({"meta": {}, "results": [todo(2, **owner), todo(1, **owner)]})
    assert CandidateClient(candidate, "t").mark_many_done([2, 1], transport) == 7.0
    assert transport.sent == [(path, {"ids": [2, 1], "note": NOTE})]


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([todo(1)], 200),
        ([todo(2), todo(1)], 200),
        ([todo(1), todo(2, done=False)], 200),
        ([todo(1), todo(2, owner="another")], 200),
        ([todo(1), todo(2)], 207),
    ],
    ids=["one is missing", "another order", "one is open", "of another user", "another status"],
)
def test_a_response_without_each_todo_in_order_ends_the_benchmark(
    results: list[dict[str, Any]], status: int
) -> None:
    transport = FixedResponse({"results": results}, status)
    with pytest.raises(UnexpectedResponse, match=f"careful responded with {status}"):
        CandidateClient(CAREFUL, "t").mark_many_done([1, 2], transport)


@pytest.mark.parametrize("changes", [{"done": False}, {"id": 8}, {"note": ""}])
def test_the_response_to_a_request_for_one_todo_is_that_todo(changes: dict[str, Any]) -> None:
    client = CandidateClient(CAREFUL, "t")
    assert client.mark_done(7, FixedResponse(todo(7))) == 7.0
    with pytest.raises(UnexpectedResponse):
        client.mark_done(7, FixedResponse(todo(7, **changes)))
