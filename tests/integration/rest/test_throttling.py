"""Each action may have its own throttle rates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from dj_actions.exceptions import InvalidAction
from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, MakeTodo, Serve

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_budgets() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class Never(BaseThrottle):
    """Denies every request."""

    def allow_request(self, request: Request, view: Any) -> bool:
        return False

    def wait(self) -> float:
        return 7.0


def test_a_rate_is_counted_for_each_user_and_action(
    client_of: ClientOf, ann: User, bob: User, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(throttles=["2/hour"])
    declare(name="prod", throttles=["2/hour"])
    serve()
    poke, prod = (f"/things/{todo.pk}/actions/{name}/" for name in ("poke", "prod"))

    assert [client_of(ann).post(poke).status_code for _ in range(3)] == [200, 200, 429]
    assert client_of(bob).post(poke).status_code == 200
    assert client_of(ann).post(prod).status_code == 200


def test_the_response_says_how_long_to_wait_and_is_not_recorded(
    client_of: ClientOf, ann: User, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(throttles=[Never])
    serve()
    response = client_of(ann).post(f"/things/{todo.pk}/actions/poke/")

    assert (response.status_code, response["Retry-After"]) == (429, "7")
    assert not ActionEvent.objects.exists()


def test_reading_about_an_action_uses_nothing_up(
    client_of: ClientOf, ann: User, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(throttles=[Never])
    serve()

    assert client_of(ann).get(f"/things/{todo.pk}/actions/poke/").status_code == 200


def test_the_viewsets_own_throttles_stay(
    client_of: ClientOf, ann: User, declare: Declare, serve: Serve, make_todo: MakeTodo
) -> None:
    declare(throttles=["9/min"])
    serve(throttle_classes=[Never])
    client = client_of(ann)

    assert client.post(f"/things/{make_todo().pk}/actions/poke/").status_code == 429
    assert client.get("/things/").status_code == 429


@pytest.mark.parametrize("wrong", ["", "10", "x/min", "0/min", "10/year", 7, User])
def test_a_wrong_declaration_is_refused(declare: Declare, wrong: Any) -> None:
    with pytest.raises(InvalidAction, match="Use rates such as '10/min'"):
        declare(throttles=[wrong])
