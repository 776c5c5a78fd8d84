"""Where the actions of these tests are called."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from example.todos.models import Todo

BULK = "/things/actions/poke/"


def url_of(todo: Todo, action: str = "poke") -> str:
    return f"/things/{todo.pk}/actions/{action}/"


def post_ids(client: APIClient, *ids: Any, **body: Any) -> Any:
    return client.post(BULK, {"ids": list(ids), **body}, format="json")
