"""Calls of the actions of todos over HTTP, and what they may not leave behind."""

from __future__ import annotations

import json
from typing import Any

from rest_framework.test import APIClient

from dj_actions.models import ActionEvent, Delivery
from example.todos.models import Todo

BULK = "/todos/actions/bulk_mark_done/"


def url_of(todo: Todo, action: str = "mark_done") -> str:
    """Return where an action of a todo is called."""
    return f"/todos/{todo.pk}/actions/{action}/"


def post(client: APIClient, url: str, data: Any = None) -> Any:
    """Send JSON, and return status and body."""
    return post_raw(client, url, json.dumps(data or {}, default=str))


def post_raw(client: APIClient, url: str, body: Any, **headers: Any) -> Any:
    """Send a body as it is, and return status and body."""
    kind = headers.pop("content_type", "application/json")
    response = client.generic("POST", url, body, content_type=kind, **headers)
    is_json = response.get("Content-Type") == "application/json"
    return response.status_code, response.json() if is_json else None


def trace() -> tuple[int, int, int]:
    """Return what must not change when an action is refused."""
    return (
        ActionEvent.objects.succeeded().count(),
        Delivery.objects.count(),
        Todo.objects.filter(done=True).count(),
    )


UNTOUCHED = (0, 0, 0)
"""The trace of actions that were all refused."""

PROBLEM = {"accept": "application/problem+json"}
"""The header of a client that requests problem details, as of RFC 9457."""
