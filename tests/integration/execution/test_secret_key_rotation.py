"""The steps of docs/security.md that replace SECRET_KEY, and repeated requests meanwhile."""

from __future__ import annotations

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from example.todos.models import Todo
from tests.conftest import Declare, Serve
from tests.fixtures.calls import url_of

pytestmark = pytest.mark.django_db


def test_a_repeated_request_is_replayed_then_refused_and_runs_once(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, settings: Settings
) -> None:
    runs: list[int] = []

    def perform(context: ActionContext, _data: dict[str, object]) -> None:
        runs.append(context.object.pk)

    def repeat() -> int:
        return int(api.post(url_of(todo), headers={"Idempotency-Key": "k"}).status_code)

    declare(perform)
    serve()
    assert repeat() == 200
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [settings.SECRET_KEY]
    assert repeat() == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert repeat() == 422
    assert runs == [todo.pk]
