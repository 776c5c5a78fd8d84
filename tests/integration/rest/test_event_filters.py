"""Filters of the event API."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings
from rest_framework.routers import DefaultRouter
from rest_framework.test import APIClient

from dj_actions.action import Action, register
from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent
from dj_actions.registry import registry
from dj_actions.rest.events import ActionEventViewSet
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, MakeEvent, Serve

pytestmark = pytest.mark.django_db


def test_an_action_without_a_result_responds_with_json(
    api: APIClient, todo: Todo, declare: Declare, serve: Serve
) -> None:
    declare(output=False)  # and returns None
    serve()
    response = api.post(f"/things/{todo.pk}/actions/poke/")

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json() == {}


@pytest.fixture
def urls_of_events(settings: Settings) -> Iterator[None]:
    class Look(Action):
        """Read events."""

        model = ActionEvent
        bulk = True
        output = False

        def perform(self, context: ActionContext, data: dict[str, Any]) -> int:
            return len(context.objects)

    register(Look)

    class LookingViewSet(ActionEventViewSet):
        """Events that can be read."""

    router = DefaultRouter()
    router.register("events", LookingViewSet, basename="looked")
    module = ModuleType("throw_away_urls")
    module.urlpatterns = router.urls  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = module
    yield
    registry.remove(Look.definition)


def test_an_action_on_events_can_be_tried_dry(
    client_of: ClientOf, admin: User, make_event: MakeEvent, urls_of_events: None
) -> None:
    event = make_event()
    response = client_of(admin).post(
        "/events/actions/look/?dry_run=1", {"ids": [str(event.pk)]}, format="json"
    )

    assert response.status_code == 200


def test_objects_may_be_named_by_a_field_of_a_related_model(
    api: APIClient, todo: Todo, declare: Declare, serve: Serve
) -> None:
    declare(bulk=True)
    serve(lookup_field="owner__username")
    response = api.post("/things/actions/poke/", {"ids": ["ann"]}, format="json")

    assert response.status_code == 200
