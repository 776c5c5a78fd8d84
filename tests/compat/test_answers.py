"""What the accounts' API answers, compared with what it answers under dj-actions 0.0.7.

`answers.json` was recorded by making the calls of `calls.py` under 0.0.7 itself: the app is the
same, but for the import root.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.compat.calls import CALLS

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.compat.urls")]

RECORDED: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "answers.json").read_text(encoding="utf-8")
)
CRASHED = {name for name, answer in RECORDED.items() if answer["status"] == 500}
DONE = [name for name, (method, *_) in CALLS.items() if method == "POST" and name not in CRASHED]
DOCS = [name for name in CALLS if name.startswith("docs of") and name not in CRASHED]

FIXED: dict[str, tuple[int, Any]] = {
    "greet with options": (200, {"greeting": "Hello ann", "mood": "kind"}),
    "docs of greet": (200, {"example_response": []}),
    "docs of namesakes": (200, {"example_response": []}),
    "unknown instance action": (404, {}),
    "unknown bulk action": (404, {}),
    "docs of unknown instance action": (404, {}),
    "instance action as bulk": (404, {}),
    "bulk action as instance": (404, {}),
}
"""What calls that crash 0.0.7 are answered now: status, and a part of the answer."""


def call(client: APIClient, name: str) -> tuple[int, Any]:
    """Make a call, and return status and answer."""
    method, path, data = CALLS[name]
    body = "" if data is None else json.dumps(data)
    response = client.generic(method, path, body, content_type="application/json")
    return response.status_code, response.json()


def without_url(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the description of an action without its URL, which was wrong."""
    return {key: value for key, value in entry.items() if key != "url"}


def test_every_call_was_recorded() -> None:
    assert RECORDED.keys() == CALLS.keys()
    assert FIXED.keys() == CRASHED


@pytest.mark.parametrize("name", DONE)
def test_an_action_answers_as_it_did(client: APIClient, name: str) -> None:
    status, body = call(client, name)

    assert status == RECORDED[name]["status"]
    if status != 404:  # its text is that of Django REST framework
        assert body == RECORDED[name]["body"]


@pytest.mark.parametrize("name", DOCS)
def test_the_documentation_has_all_that_it_had(client: APIClient, name: str) -> None:
    status, body = call(client, name)
    recorded = without_url(RECORDED[name]["body"])

    assert status == 200
    assert {key: body.get(key) for key in recorded} == recorded
    assert body["url"] == CALLS[name][1]


def test_the_list_has_all_that_it_had(client: APIClient) -> None:
    _, body = call(client, "list")
    recorded = RECORDED["list"]["body"]

    assert (body["resource"], body["basepath"]) == (recorded["resource"], recorded["basepath"])
    for kind in ("bulk_actions", "instance_actions"):
        listed = {entry["id"]: entry for entry in body[kind]}
        assert listed.keys() == {entry["id"] for entry in recorded[kind]}
        for entry in map(without_url, recorded[kind]):
            assert {key: listed[entry["id"]].get(key) for key in entry} == entry


@pytest.mark.parametrize("name", sorted(FIXED))
def test_what_crashed_is_answered(client: APIClient, name: str) -> None:
    status, part = FIXED[name]
    answered, body = call(client, name)

    assert answered == status
    assert {key: body.get(key) for key in part} == part
